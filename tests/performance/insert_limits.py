"""What PostgreSQL takes: a lead and its outbox row in one transaction, one by one and by the thousand."""

import json
import uuid
from typing import Any

import asyncpg

from performance import statements
from performance.statements import Transaction

CLIENTS = 32
WRITERS = 4
ROWS = 1000
SPACE = 9_000_000_000_000_000
EVENT = b'{"data": "' + b"x" * 900 + b'"}'
CONTENT = json.dumps({"address": {"city": "Helsinki"}, "comments": "x" * 60, "consent": {"text": "y" * 120}})
CREATE = """
CREATE TABLE leads (id uuid PRIMARY KEY, external_id text NOT NULL UNIQUE, project_id text NOT NULL,
    first_name text, last_name text, phone text, email text, content jsonb NOT NULL, status text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE outbox (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL,
    type text NOT NULL, subject uuid NOT NULL, body bytea NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
"""
PGBENCH = f"""
\\set n random(1, {SPACE})
BEGIN;
INSERT INTO leads (id, external_id, project_id, first_name, last_name, phone, email, content, status)
    VALUES (gen_random_uuid(), 'web-' || (:n)::text, 'prj_a', 'Maximilian', 'Mustermann', '+35840' || (:n)::text,
    'user' || (:n)::text || '@example.com', '{CONTENT}', 'accepted');
INSERT INTO outbox (id, type, subject, body)
    VALUES (gen_random_uuid(), 'lead.accepted.v1', gen_random_uuid(), '{EVENT.decode()}'::text::bytea);
COMMIT;
"""
LEAD = """
INSERT INTO leads (id, external_id, project_id, first_name, last_name, phone, email, content, status)
VALUES ($1, $2, 'prj_a', 'Maximilian', 'Mustermann', $3, $4, $5, 'accepted')
"""
TOLD = "INSERT INTO outbox (id, type, subject, body) VALUES ($1, 'lead.accepted.v1', $2, $3)"
MANY = """
WITH stored AS (
    INSERT INTO leads (id, external_id, project_id, first_name, last_name, phone, email, content, status)
    SELECT id, external_id, 'prj_a', 'Maximilian', 'Mustermann', phone, email, content, 'accepted'
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::jsonb[])
        AS r (id, external_id, phone, email, content)
)
INSERT INTO outbox (id, type, subject, body)
SELECT id, 'lead.accepted.v1', subject, body FROM unnest($6::uuid[], $1::uuid[], $7::bytea[]) AS r (id, subject, body)
"""


class Limits:
    """A database with two plain tables."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self.tool = f"{statements.tool()} two inserts"

    async def prepare(self) -> None:
        connection = await asyncpg.connect(self._dsn)
        await connection.execute(CREATE)
        await connection.close()

    async def two_inserts(self, seconds: int) -> dict[str, float]:
        await self._empty()
        both = Transaction(pgbench=PGBENCH, asyncpg=_insert_two)
        return {"rate": await statements.per_second(self._dsn, both, CLIENTS, seconds)}

    async def multi_row(self, seconds: int) -> dict[str, float]:
        """The rows of a call differ in nothing but their keys: making them shall cost nothing."""
        await self._empty()
        return {"rate": ROWS * await statements.from_here(self._dsn, _insert_many, WRITERS, seconds)}

    async def _empty(self) -> None:
        connection = await asyncpg.connect(self._dsn)
        await connection.execute("TRUNCATE leads, outbox")
        await connection.execute("CHECKPOINT")
        await connection.close()


async def _insert_two(connection: Any) -> None:
    lead, event = uuid.uuid4(), uuid.uuid4()
    async with connection.transaction():
        await connection.execute(LEAD, lead, f"web-{lead}", f"+{lead.int}", f"{lead}@example.com", CONTENT)
        await connection.execute(TOLD, event, lead, EVENT)


async def _insert_many(connection: Any) -> None:
    leads = [uuid.uuid4() for _ in range(ROWS)]
    names = [str(lead) for lead in leads]
    columns = (leads, names, names, names, [CONTENT] * ROWS, [uuid.uuid4() for _ in leads], [EVENT] * ROWS)
    await connection.execute(MANY, *columns)
