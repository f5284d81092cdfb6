# ruff: noqa: E501
"""P4 and P5: claims over HTTP against the raw claim statement, and against themselves as the queue grows.

`python tests/performance/claim_bench.py p4|p5 [seconds] [rounds]` starts a PostgreSQL and a server of its own. The raw
statement is the shortest that can claim (delete the head of a four-column table, insert who has it), run by pgbench.
"""

import asyncio
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import psutil
from assignment_svc.app import build
from assignment_svc.settings import Settings
from claim_load import ClaimFigures
from embedded import PostgresServer, free_port
from pydantic import SecretStr
from servicekit.identity import Identity
from servicekit.keys import generate_signing_key, public_key_set, signer_of
from servicekit.migrations import migrate
from servicekit.server import Address, serve, settle_memory

HERE = Path(__file__).parent
AGENTS = 16
KEY = generate_signing_key()

RAW_TABLES = """
DROP TABLE IF EXISTS raw_queue, raw_claims;
CREATE TABLE raw_queue (lead_id uuid NOT NULL, priority smallint NOT NULL, received_at timestamptz NOT NULL)
    WITH (autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);
CREATE TABLE raw_claims (lead_id uuid PRIMARY KEY, agent int NOT NULL, claimed_at timestamptz NOT NULL DEFAULT now());
INSERT INTO raw_queue SELECT gen_random_uuid(), number % 3, now() - number * interval '1 ms'
    FROM generate_series(1, {leads}) AS number;
CREATE INDEX raw_queue_order ON raw_queue (priority DESC, received_at, lead_id);
"""
RAW_CLAIM = """
WITH taken AS (
    DELETE FROM raw_queue WHERE ctid = (SELECT ctid FROM raw_queue ORDER BY priority DESC, received_at, lead_id
        LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING lead_id
) INSERT INTO raw_claims (lead_id, agent) SELECT lead_id, :client_id FROM taken RETURNING lead_id;
"""

# `prj_open` may be called always, `prj_shut` for one minute twelve hours from now.
WORLD = """
TRUNCATE leads, work_items, queue, queue_places, locks, history, outbox, projects, agents, campaign_agents, orders;
INSERT INTO projects SELECT project_id, 1, project_id, 'active', NULL, mode, opens, closes, NULL, false,
    interval '1 hour', 3, NULL, true, true, 'leave_assigned', interval '15 min'
FROM (VALUES ('prj_open', 'always', NULL, NULL), ('prj_shut', 'custom', {shut})) AS v (project_id, mode, opens, closes);
INSERT INTO places (country, region, zones) VALUES ('FI', '', '{{Europe/Helsinki}}') ON CONFLICT DO NOTHING;
INSERT INTO agents SELECT 'usr_' || n, 1, 'Agent', 'leads_agent', true, '{{queue.request}}' FROM generate_series(1, 64) n;
INSERT INTO campaign_agents SELECT agent_id, project_id FROM agents, projects;
UPDATE reference_version SET version = version + 1;
"""

LEADS = """
INSERT INTO leads SELECT 'lead_' || lpad((1000000000 - n)::text, 26, '0'), 1, 'ptr_1',
    CASE WHEN n % {every} = 1 OR n % 2 = 0 THEN 'prj_open' ELSE 'prj_shut' END,
    NULL, NULL, 'ext-' || n, now() - n * interval '1 ms', 'Maximilian', 'Mustermann', '+35840' || lpad(n::text, 8, '0'),
    'user' || n || '@example.com', 'example.com', place_id, true,
    '{{"custom": {{"utm_source": "google", "utm_campaign": "autumn"}}, "comments": "Call in the evening."}}'
FROM generate_series(1, {leads}) n, (SELECT min(place_id) AS place_id FROM places WHERE country = 'FI') p;
INSERT INTO work_items (lead_id, version, state, location, priority, after_validation, validated, next_attempt_at)
SELECT lead_id, 1, 'queued', 'queue', (ARRAY['normal', 'medium', 'high'])[1 + n % 3], 'queue', true,
    CASE WHEN n % {every} <> 1 AND n % 2 = 0 THEN now() + interval '1 day' END
FROM (SELECT lead_id, substr(external_id, 5)::int AS n FROM leads) l;
INSERT INTO queue SELECT lead_id, project_id, place_id, CASE priority WHEN 'high' THEN 0 WHEN 'medium' THEN 1 ELSE 2 END,
    -(extract(epoch FROM received_at) * 1000000)::bigint, next_attempt_at
FROM work_items JOIN leads USING (lead_id) ORDER BY received_at DESC;
INSERT INTO queue_places SELECT DISTINCT project_id, place_id FROM queue;
"""


@dataclass(frozen=True)
class Bench:
    """A PostgreSQL with the service's schema, and one API process of the service."""

    postgres: PostgresServer
    dsn: str
    port: int
    server: int

    def cpu_seconds(self) -> float:
        """What the API process and PostgreSQL have used since they started."""
        backends = psutil.Process(self.postgres.pid).children() if self.postgres.pid else []
        used = [process.cpu_times() for process in [psutil.Process(self.server), *backends]]
        return sum(times.user + times.system for times in used)

    async def fill(self, leads: int, callable_every: int = 1) -> None:
        """Queues so many leads, of which every n-th may be called now; the rest cools down or has its hours later."""
        later = time.gmtime(time.time() + 14 * 3600)
        shut = f"'{later.tm_hour:02d}:00', '{later.tm_hour:02d}:01'"
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute(WORLD.format(shut=shut))
            if callable_every == 1:
                everything = LEADS.replace("CASE WHEN n % {every} = 1 OR n % 2 = 0", "CASE WHEN true")
                everything = everything.replace("CASE WHEN n % {every} <> 1 AND n % 2 = 0", "CASE WHEN false")
                await connection.execute(everything.format(leads=leads))
            else:
                await connection.execute(LEADS.format(leads=leads, every=callable_every))
            for table in ("leads", "work_items", "queue"):
                await connection.execute(f"VACUUM ANALYZE {table}")
            await connection.execute("CHECKPOINT")
        finally:
            await connection.close()

    def claim(self, seconds: float = 5.0, claims: int = 2**31) -> ClaimFigures:
        """Sixteen agents claim over HTTP, from a process of their own; checks that no lead was given twice."""
        signer = signer_of(KEY)
        permissions = frozenset({"queue.request"})
        tokens = [signer.sign(Identity(f"usr_{n}", "leads_agent", permissions)) for n in range(1, AGENTS + 1)]
        load = json.dumps({"port": self.port, "tokens": tokens, "seconds": seconds, "claims": claims})
        answer = subprocess.run(
            [sys.executable, str(HERE / "claim_load.py"), load], capture_output=True, text=True, check=True
        )
        return ClaimFigures(**json.loads(answer.stdout))

    async def raw(self, leads: int, seconds: int) -> float:
        """Claims a second of the raw statement, 16 connections, from the same number of rows."""
        connection = await asyncpg.connect(self.dsn)
        await connection.execute(RAW_TABLES.format(leads=leads))
        await connection.execute("VACUUM ANALYZE raw_queue")
        await connection.execute("CHECKPOINT")
        before = await connection.fetchval("SELECT count(*) FROM raw_queue")
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
            script.write(RAW_CLAIM.replace("\n", " "))
            script.flush()
            options = ["-n", "-M", "prepared", "-f", script.name, "-c", str(AGENTS), "-j", "2", "-T", str(seconds)]
            started = time.perf_counter()
            done = subprocess.run([_pgbench(), *options, self.dsn], capture_output=True, text=True, check=True)  # noqa: ASYNC221
            took = time.perf_counter() - started
        rate = float(re.findall(r"tps = ([0-9.]+)", done.stdout)[0])
        left = await connection.fetchval("SELECT count(*) FROM raw_queue")
        await connection.close()
        return min(rate, (before - left) / min(took, seconds))


def _pgbench() -> str:
    found = shutil.which("pgbench") or next((str(p) for p in Path("/usr/lib/postgresql").glob("*/bin/pgbench")), None)
    if found is None:
        raise SystemExit("The raw claim is measured with pgbench: install the package postgresql-contrib.")
    return found


@contextmanager
def bench() -> Iterator[Bench]:
    folder = Path(tempfile.mkdtemp(prefix="leadwire-bench-"))
    postgres = PostgresServer(folder)
    server: subprocess.Popen[bytes] | None = None
    try:
        postgres.start()
        dsn = postgres.dsn()
        migrate(dsn, "assignment_svc")
        port = free_port()
        settings = json.dumps({"dsn": dsn, "keys": public_key_set(KEY), "port": port})
        server = subprocess.Popen([sys.executable, __file__, "serve"], env={**os.environ, "BENCH": settings})
        _await_port(port)
        yield Bench(postgres, dsn, port, server.pid)
    finally:
        if server is not None:
            server.terminate()
            server.wait()
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _await_port(port: int) -> None:
    import http.client  # noqa: PLC0415 -- only here

    for _ in range(200):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("the server does not answer")


async def _serve() -> None:
    given = json.loads(os.environ["BENCH"])
    settings = Settings(
        database_url=SecretStr(given["dsn"]), identity_keys=given["keys"], claims_per_agent=10**9, database_pool=10
    )
    app = await build(settings)
    settle_memory()
    await serve(app.http, Address(port=given["port"]), asyncio.Event())


async def p4(here: Bench, seconds: int, rounds: int, leads: int = 100_000) -> dict[str, Any]:
    """Claims over HTTP by 16 agents against the raw statement, alternating."""
    product: list[ClaimFigures] = []
    raw: list[float] = []
    cpu: list[float] = []
    for _ in range(rounds):
        raw.append(await here.raw(leads, seconds))
        await here.fill(leads)
        before = here.cpu_seconds()
        product.append(await asyncio.to_thread(here.claim, seconds))
        cpu.append((here.cpu_seconds() - before) / product[-1].claimed)
        await _check(here)
    per_second = statistics.median(figures.per_second for figures in product)
    limit = statistics.median(raw)
    return {
        "case": "P4 claim over HTTP, 16 agents",
        "product": per_second,
        "limit": limit,
        "ratio": per_second / limit,
        "cpu_us_per_claim": statistics.median(cpu) * 1e6,
        "p50_ms": statistics.median(figures.p50_ms for figures in product),
        "p99_ms": statistics.median(figures.p99_ms for figures in product),
    }


async def p5(here: Bench, seconds: int, rounds: int) -> list[dict[str, Any]]:
    """The same claims as the queue grows, when hardly any lead is callable, for long, and under an old snapshot."""
    cases = [("1,000", 1000, 1), ("1,000,000", 1_000_000, 1), ("1,000,000, 99 % not callable", 1_000_000, 100)]
    results: list[dict[str, Any]] = []
    for name, leads, every in cases:
        rates: list[float] = []
        for _ in range(rounds if leads == 1000 else 1):
            await here.fill(leads, every)
            warm = await asyncio.to_thread(here.claim, 1.0, 200)
            rest = 700 if leads == 1000 else leads // every - 1000
            rates.append((await asyncio.to_thread(here.claim, float(seconds), min(rest, 9000))).per_second)
            assert warm.claimed > 0
            await _check(here)
        results.append({"case": f"P5 {name}", "product": statistics.median(rates)})
    results += await _decay(here)
    base = results[0]["product"]
    return [{**result, "limit": base, "slower": base / result["product"]} for result in results]


async def _decay(here: Bench) -> list[dict[str, Any]]:
    await here.fill(400_000)
    first = await asyncio.to_thread(here.claim, 60.0, 20_000)
    await asyncio.to_thread(here.claim, 120.0, 100_000)
    last = await asyncio.to_thread(here.claim, 60.0, 20_000)
    snapshot = await asyncpg.connect(here.dsn)
    await snapshot.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    await snapshot.fetchval("SELECT count(*) FROM projects")
    await asyncio.to_thread(here.claim, 120.0, 60_000)
    held = await asyncio.to_thread(here.claim, 60.0, 20_000)
    await snapshot.close()
    await _check(here)
    return [
        {"case": "P5 first 20,000 of 140,000 claims", "product": first.per_second},
        {"case": "P5 last 20,000 of 140,000 claims", "product": last.per_second},
        {"case": "P5 after 60,000 claims under an old snapshot", "product": held.per_second},
    ]


async def _check(here: Bench) -> None:
    """Nothing was given twice, nothing was lost."""
    connection = await asyncpg.connect(here.dsn)
    twice = await connection.fetchval("SELECT count(*) FROM work_items WHERE version > 2")
    astray = await connection.fetchval(
        "SELECT count(*) FROM work_items w FULL JOIN queue q USING (lead_id) WHERE (w.state = 'queued') <> (q.lead_id IS NOT NULL)"
    )
    await connection.close()
    if twice or astray:
        raise SystemExit(f"{twice} leads were claimed twice, {astray} are astray")


def main() -> None:
    words = sys.argv[1:] or ["p4"]
    if words[0] == "serve":
        import uvloop  # noqa: PLC0415 -- the server's own

        uvloop.run(_serve())
        return
    seconds, rounds = int(words[1]) if len(words) > 1 else 5, int(words[2]) if len(words) > 2 else 3
    with bench() as here:
        case = p4 if words[0] == "p4" else p5
        print(json.dumps(asyncio.run(case(here, seconds, rounds)), indent=2))  # noqa: T201


if __name__ == "__main__":
    main()
