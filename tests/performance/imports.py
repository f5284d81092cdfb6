"""P3: a file of leads, with all checks, against `COPY` to a staging table and one insert of the same rows."""

import asyncio
import csv
import io
import json
import os
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from embedded import PostgresServer
from lead_intake_svc.app import build
from lead_intake_svc.testing import World, bearer, environment_for, make_world, settings_for
from servicekit.testing import ServiceUnderTest, http_client

from performance import file_memory, insert_limits
from performance.figures import Figure, Run, Target, alternating
from performance.intake import SUPPRESS
from performance.machines import create_database, create_service_database, execute, postgres

WORKER = str(Path(__file__).with_name("import_worker.py"))
COLUMNS = (
    "external_id", "first_name", "last_name", "phone", "email", "address.street", "address.postcode", "address.city",
    "consent.given_at", "consent.text", "comments", "custom.utm_source",
)  # fmt: skip
EMPTY = "TRUNCATE leads, lead_identities, outbox, imports, import_chunks, import_rows"
STAGING = f"""
CREATE TEMPORARY TABLE staging ({", ".join(f'"{name}" text' for name in COLUMNS)}) ON COMMIT DROP
"""
INSERT = """
WITH stored AS (
    INSERT INTO leads (id, external_id, project_id, first_name, last_name, phone, email, content, status)
    SELECT gen_random_uuid(), external_id, 'prj_a', first_name, last_name, phone, email,
        jsonb_build_object('address', jsonb_build_object('street', "address.street", 'postcode', "address.postcode",
            'city', "address.city"), 'consent', jsonb_build_object('given_at', "consent.given_at", 'text',
            "consent.text"), 'comments', comments, 'custom', jsonb_build_object('utm_source', "custom.utm_source")),
        'accepted'
    FROM staging RETURNING *
)
INSERT INTO outbox (id, type, subject, body)
SELECT gen_random_uuid(), 'lead.accepted.v1', id, convert_to(row_to_json(stored)::text, 'utf8') FROM stored
"""


def file_of(rows: int) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for n in range(rows):
        writer.writerow((
            f"file-{n}", "Maximilian", "Mustermann", f"+35840{1000000 + n}", f"user{n}@example.com",
            "Mannerheimintie 1",
            "00100", "Helsinki", "2026-01-01T10:00:00Z", "I agree to be called about this offer.",
            "Asked to be called in the evening.", "google",
        ))  # fmt: skip
    return text.getvalue().encode()


@dataclass
class Product:
    service_dsn: str
    dsn: str
    world: World
    content: bytes
    rows: int

    async def run(self) -> dict[str, float]:
        connection = await asyncpg.connect(self.dsn)
        await connection.execute(EMPTY)
        await connection.execute("CHECKPOINT")
        sent = await self.world.http.post(
            "/v1/imports",
            data={"project_id": "prj_a"},
            files={"file": ("leads.csv", self.content)},
            headers=bearer(self.world.key),
        )
        sent.raise_for_status()
        seen = await _worked(self.service_dsn)
        stored = await connection.fetchval("SELECT count(*) FROM leads WHERE status = 'accepted'")
        told = await connection.fetchval("SELECT count(*) FROM outbox WHERE type = 'intake.lead.accepted.v1'")
        results = await connection.fetchval("SELECT count(*) FROM import_rows")
        await connection.close()
        if not stored == told == results == self.rows:
            raise RuntimeError(f"stored {stored} leads, told of {told}, with {results} results")
        return {
            "rate": self.rows / seen["seconds"],
            "cpu": seen["cpu"] / self.rows * 1e6,
            "memory": seen["above rest MiB"],
        }


async def _worked(dsn: str) -> dict[str, float]:
    """By a worker without relay, as what it is compared with tells nobody either: nothing empties the outbox."""
    environment = {**os.environ, **environment_for(dsn), "LEADWIRE_IMPORT_OUTBOX_ROOM": str(10**9)}
    worker = await asyncio.create_subprocess_exec(
        sys.executable, WORKER, env=environment, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert worker.stdout is not None
    await worker.stdout.readline()
    answer, _ = await worker.communicate(b"go\n")
    seen: dict[str, float] = json.loads(answer)
    return seen


@asynccontextmanager
async def product(server: PostgresServer, rows: int) -> AsyncGenerator[Product]:
    service_dsn, dsn = await create_service_database(server, "lead_intake_svc")
    app = await build(settings_for(service_dsn).model_copy(update={"import_bytes": 1024**3}))
    async with http_client(app) as http:
        world = await make_world(ServiceUnderTest(app, http, service_dsn, dsn))
        await execute(dsn, SUPPRESS, "VACUUM ANALYZE suppressions")
        yield Product(service_dsn, dsn, world, file_of(rows), rows)
    await app.close()


@dataclass
class Limit:
    dsn: str
    content: bytes
    rows: int

    async def run(self) -> dict[str, float]:
        connection = await asyncpg.connect(self.dsn)
        await connection.execute("TRUNCATE leads, outbox")
        await connection.execute("CHECKPOINT")
        began = time.perf_counter()
        async with connection.transaction():
            await connection.execute(STAGING)
            await connection.copy_to_table("staging", source=io.BytesIO(self.content), format="csv", header=True)
            await connection.execute(INSERT)
        seconds = time.perf_counter() - began
        await connection.close()
        return {"rate": self.rows / seconds}


async def measure(run: Run) -> list[Figure]:
    rows = run.pick(100_000, 2_000)
    with postgres() as server:
        limit_dsn = await create_database(server, "limits")
        await insert_limits.Limits(limit_dsn).prepare()
        async with product(server, rows) as ours:
            limit = Limit(limit_dsn, ours.content, rows)
            seen = await alternating(run.rounds, {"copy": limit.run, "product": ours.run})
            memory = await file_memory.measure(ours.service_dsn, ours.world.key, ours.content)
    mine = seen["product"]
    return [
        Figure(
            case=f"P3 file import, {rows:,} rows",
            product=mine["rate"],
            unit="rows/s",
            limit=seen["copy"]["rate"],
            limit_name="COPY and insert",
            target=Target(goal=0.25),
            details={"worker CPU µs a row": mine["cpu"], "worker MiB above rest": mine["memory"], **memory},
        )
    ]
