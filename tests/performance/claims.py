"""P4 and P5: claims over HTTP against the raw claim statement, and against themselves as the queue grows and ages."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from embedded import PostgresServer
from servicekit.identity import HEADER, Identity

from performance import claim_world, statements
from performance.figures import Figure, Run, Target, alternating, medians
from performance.http_load import Load, run_apart
from performance.machines import ServiceApi, cpu_seconds, create_service_database, postgres, service_api
from performance.statements import Transaction

AGENTS = 16
# While a queue ages, other agents take turns: nobody claims thousands of leads while one report runs.
SHIFTS = 40
RAW_TABLES = """
DROP TABLE IF EXISTS raw_queue, raw_claims;
CREATE TABLE raw_queue (lead_id uuid NOT NULL, priority smallint NOT NULL, received_at timestamptz NOT NULL)
    WITH (autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);
CREATE TABLE raw_claims (lead_id uuid PRIMARY KEY, claimed_at timestamptz NOT NULL DEFAULT now());
INSERT INTO raw_queue SELECT gen_random_uuid(), number % 3, now() - number * interval '1 ms'
    FROM generate_series(1, {leads}) AS number;
CREATE INDEX raw_queue_order ON raw_queue (priority DESC, received_at, lead_id);
"""
RAW_CLAIM = """
WITH taken AS (
    DELETE FROM raw_queue WHERE ctid = (SELECT ctid FROM raw_queue ORDER BY priority DESC, received_at, lead_id
        LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING lead_id
) INSERT INTO raw_claims (lead_id) SELECT lead_id FROM taken;
"""
AGE, AGE_STEP = 100_000, 20_000
ONE_LOAD = 2_000  # claims, in far less than the minute that an identity lives


@dataclass
class Desk:
    """assignment-svc's API as it runs, and 16 agents who want leads of it."""

    api: ServiceApi
    dsn: str
    claimed: int = field(default=0)
    shift: int = field(default=0)

    async def fill(self, leads: int, callable_every: int = 1) -> None:
        await claim_world.fill(self.dsn, agents=AGENTS * SHIFTS, leads=leads, callable_every=callable_every)
        self.claimed = 0

    async def claim(self, seconds: float = 50, claims: int = 2**31) -> dict[str, float]:
        """Identities live for a minute: so does one load."""
        before = cpu_seconds(self.api.process)
        load = Load(
            port=self.api.port,
            path="/v1/queue/claim",
            body="{}",
            callers=[{HEADER: self.api.signer.sign(_agent(self.shift * AGENTS + n))} for n in range(1, AGENTS + 1)],
            seconds=seconds,
            requests=claims,
        )
        figures = await run_apart(load)
        cpu = cpu_seconds(self.api.process) - before
        got = figures.statuses.get("200", 0)
        if got + figures.statuses.get("204", 0) != figures.requests:
            raise RuntimeError(f"claims were answered {figures.statuses}")
        self.claimed += got
        rate = figures.per_second * got / figures.requests
        return {"rate": rate, "p50": figures.p50_ms, "p99": figures.p99_ms, "cpu": cpu / got * 1e6}

    async def age(self, claims: int) -> None:
        for begun in range(0, claims, ONE_LOAD):
            await self.claim(claims=min(ONE_LOAD, claims - begun))
            self.shift = (self.shift + 1) % SHIFTS

    async def check(self) -> None:
        await claim_world.check(self.dsn, self.claimed)


def _agent(number: int) -> Identity:
    return Identity(f"usr_{number}", "leads_agent", frozenset({"queue.request"}))


@asynccontextmanager
async def desk(server: PostgresServer) -> AsyncGenerator[Desk]:
    service_dsn, dsn = await create_service_database(server, "assignment_svc")
    with service_api("assignment_svc", service_dsn, {"LEADWIRE_CLAIMS_PER_AGENT": str(10**9)}) as api:
        yield Desk(api, dsn)


async def measure(run: Run) -> list[Figure]:
    with postgres() as server:
        async with desk(server) as here:
            return [await _against_raw(here, run), *await _against_itself(here, run)]


async def _against_raw(here: Desk, run: Run) -> Figure:
    leads, seconds = run.pick(100_000, 5_000), run.pick(5, 1)

    async def product() -> dict[str, float]:
        await here.fill(leads)
        figures = await here.claim(seconds)
        await here.check()
        return figures

    async def raw() -> dict[str, float]:
        connection = await asyncpg.connect(here.dsn)
        await connection.execute(RAW_TABLES.format(leads=leads))
        await connection.execute("VACUUM ANALYZE raw_queue")
        await connection.execute("CHECKPOINT")
        rate = await statements.per_second(
            here.dsn, Transaction(pgbench=RAW_CLAIM.replace("\n", " "), asyncpg=_claim_raw), AGENTS, seconds
        )
        claimed = await connection.fetchval("SELECT count(*) FROM raw_claims")
        await connection.close()
        # Transactions that found the queue empty are no claims.
        return {"rate": min(rate, claimed / seconds)}

    seen = await alternating(run.rounds, {"raw": raw, "product": product})
    ours = seen["product"]
    return Figure(
        case="P4 claim over HTTP, 16 agents",
        product=ours["rate"],
        unit="claims/s",
        limit=seen["raw"]["rate"],
        limit_name=f"raw statement, {statements.tool()}",
        target=Target(first=0.20, goal=0.40),
        details={"p50 ms": ours["p50"], "p99 ms": ours["p99"], "server CPU µs": ours["cpu"]},
    )


async def _claim_raw(connection: Any) -> None:
    await connection.execute(RAW_CLAIM)


async def _against_itself(here: Desk, run: Run) -> list[Figure]:
    """Times as slow as with 1,000 leads and nothing claimed before."""
    fresh = medians([await _small(here) for _ in range(run.rounds)])["rate"]
    many, step = run.pick(1_000_000, 20_000), run.pick(AGE_STEP, 2_000)
    await here.fill(many)
    await here.claim(claims=200)
    rates = {f"{many:,} queued": (await here.claim(claims=step))["rate"]}
    await here.age(run.pick(AGE, 10_000) - 2 * step)
    rates[f"last {step:,} of {run.pick(AGE, 10_000):,} claims"] = (await here.claim(claims=step))["rate"]
    rates["under an old snapshot"] = await _under_snapshot(here, run)
    await here.check()
    blocked = run.pick(300_000, 20_000)
    await here.fill(blocked, callable_every=100)
    await here.claim(claims=blocked // 1000)
    rates[f"99 % of {blocked:,} not callable"] = (await here.claim(claims=blocked // 200))["rate"]
    await here.check()
    return [_slower(name, rate, fresh) for name, rate in rates.items()]


async def _small(here: Desk) -> dict[str, float]:
    await here.fill(1000)
    await here.claim(claims=200)
    figures = await here.claim(claims=600)
    await here.check()
    return figures


async def _under_snapshot(here: Desk, run: Run) -> float:
    """Somebody's report began and has not ended: what is claimed from then on stays in the index, dead."""
    report = await asyncpg.connect(here.dsn)
    await report.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    await report.fetchval("SELECT count(*) FROM projects")
    await here.age(run.pick(60_000, 2_000))
    figures = await here.claim(claims=run.pick(10_000, 1_000))
    await report.close()
    return figures["rate"]


def _slower(name: str, rate: float, fresh: float) -> Figure:
    goal = 1.7 if "snapshot" in name else 1.2
    return Figure(
        case=f"P5 claim, {name}",
        product=fresh / rate,
        unit="times as slow",
        target=Target(first=2, goal=goal, at_most=True),
        details={"claims/s": rate, "with 1,000 fresh": fresh},
    )
