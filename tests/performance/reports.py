"""P12: the reports of a call centre with a million work items against the same with ten thousand."""

import statistics
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import httpx2
from embedded import PostgresServer
from servicekit.identity import HEADER, Identity, IdentitySigner

from performance.figures import Figure, Run, Target, alternating
from performance.machines import create_service_database, postgres, service_api

CALLERS = {
    "agent": Identity("usr_1", "leads_agent", frozenset({"reports.order_details"})),
    "boss": Identity("usr_boss", "supervisor"),
}
# Each agent has 20 leads in hand and 60 closed ones, whatever the rest of the centre has.
CENTRE = """
INSERT INTO projects SELECT 'prj_' || n, 1, 'Campaign ' || n, 'active', NULL, 'always', NULL, NULL, NULL, false,
    interval '1 hour', 3, NULL, true, true, 'leave_assigned', interval '15 min' FROM generate_series(0, 9) n;
INSERT INTO places (country, region, zones) VALUES ('FI', '', '{{Europe/Helsinki}}');
INSERT INTO agents SELECT 'usr_' || n, 1, 'Agent ' || n, 'leads_agent', true, '{{queue.request}}'
    FROM generate_series(0, {leads} / 100) n;
INSERT INTO leads SELECT 'lead_' || lpad(n::text, 26, '0'), 1, 'ptr_1', 'prj_' || n % 10, NULL, NULL, 'ext-' || n,
    now() - ({leads} - n) * interval '1 s', 'Maximilian', 'Mustermann', '+35840' || lpad(n::text, 8, '0'),
    'user' || n || '@example.com', 'example.com', place_id, true, '{{"comments": "Call in the evening."}}'
FROM generate_series(1, {leads}) n, places;
INSERT INTO orders (order_id, lead_id, project_id, number, status, items, total, edited)
SELECT 'ord_' || substr(lead_id, 6), lead_id, project_id, 'P1',
    CASE WHEN n % 5 = 0 THEN 'completed' ELSE 'partial' END, '[]', '{{"amount_minor": 990, "currency": "EUR"}}', false
FROM (SELECT lead_id, project_id, substr(external_id, 5)::int AS n FROM leads) l;
INSERT INTO work_items (lead_id, version, state, location, priority, after_validation, validated, agent_id, order_id)
SELECT lead_id, 1, CASE WHEN n % 10 < 2 THEN 'claimed' WHEN n % 10 < 8 THEN 'resolved' ELSE 'queued' END, 'queue',
    'normal', 'queue', true, CASE WHEN n % 10 < 8 THEN 'usr_' || n % {leads} / 100 END, 'ord_' || substr(lead_id, 6)
FROM (SELECT lead_id, substr(external_id, 5)::int AS n FROM leads) l;
INSERT INTO history (lead_id, version, event, actor, agent_id, data)
SELECT lead_id, version, event, NULL, agent_id, '{{}}'
FROM work_items, (VALUES (1, 'queued'), (2, 'claimed'), (3, 'attempt_logged')) AS v (number, event) ORDER BY number;
"""
TABLES = ("leads", "work_items", "orders", "history", "projects", "agents")
PAGES: Mapping[str, tuple[str, str]] = {
    "agent report": ("agent", "/v1/agents/me/report"),
    "order details": ("boss", "/v1/reports/order-details?show_leads_agent=true"),
    "order details, one campaign, partial": ("boss", "/v1/reports/order-details?project_id=prj_3&status=partial"),
    "order details, an agent's": ("agent", "/v1/reports/order-details"),
}


@dataclass(frozen=True)
class Centre:
    """A call centre's API, and what signs its callers in, for a minute."""

    url: str
    signer: IdentitySigner

    async def read(self, page: str, times: int) -> dict[str, float]:
        """The median of reading it one after the other, after a tenth of that to warm up."""
        caller, path = PAGES[page]
        took: list[float] = []
        headers = {HEADER: self.signer.sign(CALLERS[caller])}
        async with httpx2.AsyncClient(base_url=self.url, headers=headers) as client:
            for _ in range(times + times // 10):
                began = time.perf_counter()
                answer = await client.get(path)
                took.append(time.perf_counter() - began)
                if answer.status_code != 200 or len(answer.content) < 2000:
                    raise RuntimeError(f"{path} was answered {answer.status_code}, {len(answer.content)} bytes")
        return {"ms": statistics.median(took[times // 10 :]) * 1000}


@asynccontextmanager
async def centre(server: PostgresServer, leads: int) -> AsyncGenerator[Centre]:
    service_dsn, dsn = await create_service_database(server, "assignment_svc", f"assignment_{leads}")
    connection = await asyncpg.connect(dsn)
    await connection.execute("SET synchronous_commit = off")
    await connection.execute(CENTRE.format(leads=leads))
    for table in TABLES:
        await connection.execute(f"VACUUM ANALYZE {table}")
    await connection.execute("CHECKPOINT")
    await connection.close()
    with service_api("assignment_svc", service_dsn) as api:
        yield Centre(api.url, api.signer)


async def measure(run: Run) -> list[Figure]:
    few, many, times = run.pick(10_000, 1_000), run.pick(1_000_000, 10_000), run.pick(300, 20)
    with postgres() as server:
        async with centre(server, few) as small, centre(server, many) as large:
            figures: list[Figure] = []
            for page in PAGES:
                cases = {
                    "few": lambda page=page: small.read(page, times),
                    "many": lambda page=page: large.read(page, times),
                }
                seen = await alternating(run.rounds, cases)
                figures.append(
                    Figure(
                        case=f"P12 {page}, {many:,} work items",
                        product=seen["many"]["ms"],
                        unit="ms",
                        limit=seen["few"]["ms"],
                        limit_name=f"with {few:,}",
                        target=Target(goal=1.3, first=1.3, at_most=True),
                    )
                )
    return figures
