"""P1 and P2: leads pushed one by one and by the thousand, against the ordinary way and the database's limits."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import psutil
from embedded import PostgresServer, free_port
from lead_intake_svc.app import build
from lead_intake_svc.testing import environment_for, make_world, settings_for
from servicekit.testing import ServiceUnderTest, http_client

from performance import insert_limits
from performance.figures import Figure, Run, Target, alternating
from performance.http_load import Figures, Load, run_apart
from performance.machines import cpu_seconds, create_database, create_service_database, execute, postgres, process

ORDINARY = str(Path(__file__).with_name("ordinary_intake.py"))
BATCH = 1000
BATCH_CALLERS = 4
SUPPRESSIONS = 100_000
LEAD: dict[str, Any] = {
    "external_id": "web-{n}",
    "project_id": "prj_a",
    "first_name": "Maximilian",
    "last_name": "Mustermann",
    "phone": "+35840{n}",
    "email": "user{n}@example.com",
    "address": {"street": "Mannerheimintie 1", "postcode": "00100", "city": "Helsinki"},
    "consent": {
        "given_at": "2026-01-01T10:00:00Z",
        "text": "I agree to be called about this offer.",
        "ip": "192.0.2.7",
        "source_url": "https://example.com/offer",
    },
    "comments": "Asked to be called in the evening.",
    "custom": {"utm_source": "google", "utm_campaign": "autumn", "page": "/pricing"},
}
SUPPRESS = f"""
INSERT INTO suppressions (id, kind, value, scope)
SELECT 'sup_' || n, 'email', 'suppressed' || n || '@example.com', 'global' FROM generate_series(1, {SUPPRESSIONS}) AS n
"""
EMPTY = "TRUNCATE leads, lead_identities, outbox"


@dataclass
class Server:
    """A server to push to, and its database, which `empty` makes forget what was pushed before."""

    port: int
    dsn: str
    process: psutil.Process
    headers: dict[str, str]
    empty: str

    async def push(self, load: Load, leads_each: int) -> dict[str, float]:
        connection = await asyncpg.connect(self.dsn)
        await connection.execute(self.empty)
        await connection.execute("CHECKPOINT")
        before = cpu_seconds(self.process)
        figures = await run_apart(replace(load, port=self.port, headers=self.headers))
        cpu = cpu_seconds(self.process) - before
        stored = await connection.fetchval("SELECT count(*) FROM leads WHERE status = 'accepted'")
        told = await connection.fetchval("SELECT count(*) FROM outbox")
        await connection.close()
        if not stored == told == figures.requests * leads_each:
            raise RuntimeError(f"{figures} stored {stored} leads and told of {told}")
        return _figures(figures, cpu, leads_each)


def _figures(figures: Figures, cpu: float, leads_each: int) -> dict[str, float]:
    return {
        "rate": figures.per_second * leads_each,
        "p50": figures.p50_ms,
        "p99": figures.p99_ms,
        "cpu": cpu / figures.requests / leads_each * 1e6,
    }


def single(seconds: float) -> Load:
    return Load(port=0, path="/v1/leads", body=json.dumps(LEAD), connections=32, seconds=seconds, digits=7)


def batch(seconds: float) -> Load:
    """Number n of a call and i of a row make seven digits: four of the call, three of the row."""
    text = json.dumps(LEAD)
    rows = [text.replace("{n}", f"{{n}}{row:03}") for row in range(BATCH)]
    body = f"[{','.join(rows)}]"
    return Load(port=0, path="/v1/leads/batch", body=body, connections=BATCH_CALLERS, seconds=seconds, digits=4)


@asynccontextmanager
async def product(server: PostgresServer) -> AsyncGenerator[Server]:
    """lead-intake-svc as it runs, with a partner, an active project, and many suppressions to look through."""
    service_dsn, dsn = await create_service_database(server, "lead_intake_svc")
    app = await build(settings_for(service_dsn))
    async with http_client(app) as http:
        world = await make_world(ServiceUnderTest(app, http, service_dsn, dsn))
    await app.close()
    await execute(dsn, SUPPRESS, "VACUUM ANALYZE suppressions")
    port = free_port()
    environment = {**environment_for(service_dsn), "LEADWIRE_HTTP_PORT": str(port)}
    with process(["-m", "lead_intake_svc", "api"], port, environment) as running:
        yield Server(port, dsn, running, {"Authorization": f"Bearer {world.key}"}, EMPTY)


@asynccontextmanager
async def ordinary(server: PostgresServer) -> AsyncGenerator[Server]:
    dsn = await create_database(server, "ordinary")
    port = free_port()
    with process([ORDINARY, str(port), dsn], port) as running:
        yield Server(port, dsn, running, {}, "TRUNCATE leads, outbox")


async def measure(run: Run) -> list[Figure]:
    seconds = run.pick(5, 1)
    with postgres() as server:
        limits = insert_limits.Limits(await create_database(server, "limits"))
        await limits.prepare()
        async with product(server) as ours, ordinary(server) as theirs:
            one = await alternating(
                run.rounds,
                {
                    "product": lambda: ours.push(single(seconds), 1),
                    "ordinary": lambda: theirs.push(single(seconds), 1),
                    "inserts": lambda: limits.two_inserts(seconds),
                },
            )
            many = await alternating(
                run.rounds,
                {
                    "product": lambda: ours.push(batch(seconds), BATCH),
                    "inserts": lambda: limits.multi_row(seconds),
                },
            )
    return [*_single_figures(one, limits.tool), _batch_figure(many)]


def _single_figures(seen: dict[str, dict[str, float]], tool: str) -> list[Figure]:
    ours, theirs = seen["product"], seen["ordinary"]
    details = {
        "p50 ms": ours["p50"],
        "p99 ms": ours["p99"],
        "server CPU µs": ours["cpu"],
        "ordinary p50 ms": theirs["p50"],
        "ordinary p99 ms": theirs["p99"],
        "ordinary server CPU µs": theirs["cpu"],
    }
    return [
        Figure(
            case="P1 single push, 32 clients",
            product=ours["rate"],
            unit="leads/s",
            limit=theirs["rate"],
            limit_name="FastAPI + ORM",
            target=Target(first=2.5, goal=5),
            details=details,
        ),
        Figure(
            case="P1 and its database",
            product=ours["rate"],
            unit="leads/s",
            limit=seen["inserts"]["rate"],
            limit_name=tool,
            target=Target(goal=0.75),
        ),
    ]


def _batch_figure(seen: dict[str, dict[str, float]]) -> Figure:
    ours = seen["product"]
    return Figure(
        case="P2 batch push, 1,000 a call",
        product=ours["rate"],
        unit="leads/s",
        limit=seen["inserts"]["rate"],
        limit_name="multi-row inserts",
        target=Target(first=0.10, goal=0.30),
        details={"p50 ms a call": ours["p50"], "server CPU µs a lead": ours["cpu"]},
    )
