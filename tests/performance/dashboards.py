"""P11: a sponsor's dashboard, and what is pushed to it, with ten million events behind it against ten thousand."""

import statistics
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import asyncpg
import httpx2
from contracts.envelope import Trace, encode
from contracts.events.intake import LeadRejectedV1
from contracts.events.values import LeadRef
from embedded import PostgresServer
from messaging.counters import Counters
from messaging.database import Database
from messaging.inbox.delivery import DONE, Delivery
from messaging.inbox.processor import Processor
from servicekit.identity import HEADER, PAGES, Identity, IdentitySigner
from sponsor_svc.statistics.counting import METRICS
from sponsor_svc.subscriptions import SUBSCRIPTIONS

from performance.figures import Figure, Run, Target, alternating
from performance.machines import create_service_database, postgres, service_api

RECENT = 10_000
CALLER = Identity("usr_s", "sponsor", sponsor_ids=frozenset({"spo_1"}), pages=PAGES)
# Ten sponsors with a project each, in the hours of two years of working days; the last 30 days are the same in both.
SPONSORS = """
INSERT INTO sponsors (id, name, name_key, status) SELECT 'spo_' || n, 'S' || n, 's' || n, 'active'
FROM generate_series(0, 9) AS n;
INSERT INTO projects (id, name, kind, state, sponsor_id, call_centre_validation, after_validation, written_confirmation,
    region, calling_hours, queue, duplicates, checks)
SELECT 'prj_' || n, 'P' || n, 'outbound', 'active', 'spo_' || n, false, 'queue', false, 'FI', '{}', '{}', '{}', '{}'
FROM generate_series(0, 9) AS n
"""
FACTS = """
INSERT INTO facts (id, at, lead_id, version, sponsor_id, project_id, partner_id, reopens, tally)
SELECT gen_random_uuid(),
    date_trunc('day', now()) - (1 + $2 + (n / 480) % $3) * interval '1 day' + (480 + n % 480) * interval '1 minute',
    'lead_' || n, 1, 'spo_' || n % 10, 'prj_' || n % 10, 'ptr_' || n % 7, false,
    '{"metrics": ["received"], "shares": [], "agent_id": null, "products": {}, "track": null, "reopens": false}'
FROM generate_series(1, $1::bigint) AS n
"""
_EACH = """
FROM facts AS f CROSS JOIN LATERAL (VALUES ('all', '', ''), ('sponsor', f.sponsor_id, f.sponsor_id),
    ('project', f.project_id, f.sponsor_id)) AS of (dimension, entity_id, sponsor_id)
CROSS JOIN LATERAL (VALUES ('minute'), ('hour'), ('day')) AS g (grain)
"""
COUNT = f"""
INSERT INTO counters
SELECT of.dimension, of.entity_id, g.grain, date_trunc(g.grain, f.at), of.sponsor_id,
    {", ".join("count(*)" if metric in {"received", "claimed", "attempts", "resolved"} else "0" for metric in METRICS)}
{_EACH} GROUP BY 1, 2, 3, 4, 5
"""
SHARE = f"""
INSERT INTO breakdowns
SELECT of.dimension, of.entity_id, g.grain, date_trunc(g.grain, f.at), of.sponsor_id, k.kind,
    abs(hashtext(f.lead_id || k.kind) % k.labels)::text, count(*)
{_EACH} CROSS JOIN (VALUES ('resolved', 8), ('rejected', 6), ('speed', 120)) AS k (kind, labels)
WHERE (g.grain, k.kind) <> ('minute', 'speed') AND hashtext(f.lead_id) % 4 = 0 GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
TABLES = ("facts", "counters", "breakdowns", "sponsors", "projects")
DAYS = timedelta(days=1)


@dataclass(frozen=True)
class Statistics:
    """An API process over so many events, and the part of a worker that counts."""

    url: str
    signer: IdentitySigner
    database: Database

    async def read(self, query: Mapping[str, str], times: int) -> dict[str, float]:
        """The median of reading it one after the other, after a tenth of that to warm up."""
        took: list[float] = []
        async with httpx2.AsyncClient(base_url=self.url, headers=self._headers()) as client:
            for _ in range(times + times // 10):
                began = time.perf_counter()
                answer = await client.get("/v1/statistics", params=query)
                took.append(time.perf_counter() - began)
                if answer.status_code != 200 or answer.json()["totals"]["received"] < 1:
                    raise RuntimeError(f"the statistics were answered {answer.status_code}")
        return {"ms": statistics.median(took[times // 10 :]) * 1000}

    async def push(self, query: Mapping[str, str], times: int) -> dict[str, float]:
        """The median from handing an event to the consumer to the page that shows it."""
        took: list[float] = []
        (subscription,) = (each for each in SUBSCRIPTIONS if each.name == "statistics")
        processor = Processor(self.database, subscription, 5, Counters())
        async with (
            httpx2.AsyncClient(base_url=self.url, headers=self._headers(), timeout=30) as client,
            client.stream("GET", "/v1/statistics/stream", params=query) as page,
        ):
            data = (line async for line in page.aiter_lines() if line.startswith("data:"))
            await anext(data)
            for _ in range(times):
                began = time.perf_counter()
                (verdict,) = await processor.process([Delivery(_rejected())])
                if verdict is not DONE:
                    raise RuntimeError("the event was not counted")
                await anext(data)
                took.append(time.perf_counter() - began)
        return {"ms": statistics.median(took) * 1000}

    def _headers(self) -> dict[str, str]:
        return {HEADER: self.signer.sign(CALLER)}


def _rejected() -> bytes:
    lead = LeadRef(lead_id="lead_x", partner_id="ptr_1", project_id="prj_1", sponsor_id="spo_1")
    event = LeadRejectedV1(lead=lead, external_id="x", received_at=datetime.now(UTC), reason="duplicate")
    return encode(event, source="/leadwire/bench", sequence=1, trace=Trace()).body


@asynccontextmanager
async def figures_of(server: PostgresServer, behind: int) -> AsyncGenerator[Statistics]:
    """`behind`: events before the last 30 days."""
    service_dsn, dsn = await create_service_database(server, "sponsor_svc", f"statistics_{behind}")
    connection = await asyncpg.connect(dsn)
    await connection.execute("SET synchronous_commit = off; SET work_mem = '256MB'")
    await connection.execute(SPONSORS)
    await connection.execute(FACTS, RECENT, 0, 20)
    if behind:
        await connection.execute(FACTS, behind, 30, 500, timeout=3_600)
    for statement in (COUNT, SHARE):
        await connection.execute(statement, timeout=3_600)
    for table in TABLES:
        await connection.execute(f"VACUUM ANALYZE {table}", timeout=3_600)
    await connection.execute("CHECKPOINT", timeout=3_600)
    await connection.close()
    database = await Database.connect(service_dsn, source="/leadwire/bench", max_size=1)
    try:
        with service_api("sponsor_svc", service_dsn) as api:
            yield Statistics(api.url, api.signer, database)
    finally:
        await database.close()


async def measure(run: Run) -> list[Figure]:
    behind, times, pushes = run.pick(10_000_000, 20_000), run.pick(200, 20), run.pick(8, 2)
    month = {"from": (datetime.now(UTC) - 30 * DAYS).isoformat(), "by": "day"}
    today = {"from": (datetime.now(UTC) - 3 * DAYS).isoformat(), "by": "hour"}
    pages = {"30 days by day": month, "3 days by hour": today, "3 days of a project": today | {"project_id": "prj_1"}}
    with postgres() as server:
        async with figures_of(server, 0) as small, figures_of(server, behind) as large:
            figures: list[Figure] = []
            for page, query in pages.items():
                cases = {"few": partial(small.read, query, times), "many": partial(large.read, query, times)}
                figures.append(_figure(page, behind, await alternating(run.rounds, cases)))
            period = {"from": month["from"]}
            cases = {"few": partial(small.push, period, pushes), "many": partial(large.push, period, pushes)}
            figures.append(_figure("pushed to an open page", behind, await alternating(run.rounds, cases)))
    return figures


def _figure(page: str, behind: int, seen: Mapping[str, Mapping[str, float]]) -> Figure:
    return Figure(
        case=f"P11 {page}, {behind:,} events behind",
        product=seen["many"]["ms"],
        unit="ms",
        limit=seen["few"]["ms"],
        limit_name=f"with {RECENT:,} in all",
        target=Target(goal=1.2, first=1.2, at_most=True),
    )
