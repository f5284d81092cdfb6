"""SQL of `leadwire doctor` and `leadwire audit`."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg
from messaging.unit_of_work import UnitOfWork

CONNECT_SECONDS = 10
ASK = """
SELECT current_setting('server_version_num')::int AS version,
    extract(epoch FROM clock_timestamp())::float8 AS clock,
    to_regclass('dead_letters') IS NOT NULL AS migrated
"""
WAITING = """
SELECT (SELECT count(*) FROM dead_letters WHERE state = 'waiting')::int AS dead_letters,
    coalesce((SELECT extract(epoch FROM clock_timestamp() - created_at) FROM outbox
        WHERE parked_at IS NULL ORDER BY position LIMIT 1), 0)::float8 AS outbox_seconds
"""
COUNT_OLD_ENTRIES = "SELECT count(*)::int FROM audit_entries WHERE at < $1"
DELETE_OLD_ENTRIES = """
WITH gone AS (
    DELETE FROM audit_entries WHERE entry_id = ANY (ARRAY(
        SELECT entry_id FROM audit_entries WHERE at < $1 ORDER BY at, entry_id LIMIT $2
    ))
    RETURNING 1
)
SELECT count(*)::int FROM gone
"""


@dataclass(frozen=True, slots=True)
class Server:
    """`version` is e.g. 150004, `clock` in seconds since 1970."""

    version: int
    clock: float
    migrated: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """What needs somebody's attention in the service's own tables."""

    dead_letters: int
    outbox_seconds: float


async def connect(dsn: str) -> asyncpg.Connection:
    return await asyncpg.connect(dsn, timeout=CONNECT_SECONDS, command_timeout=CONNECT_SECONDS)


async def ask_server(connection: asyncpg.Connection) -> Server:
    (row,) = await connection.fetch(ASK)
    return Server(**dict(row))


async def ask_waiting(connection: asyncpg.Connection) -> Waiting:
    (row,) = await connection.fetch(WAITING)
    return Waiting(**dict(row))


async def prune_entries(work: UnitOfWork, before: datetime, limit: int, *, dry_run: bool) -> int:
    """Removes the oldest, as the owner of the schema; a dry run counts all that are old enough."""
    if dry_run:
        return await work.fetchval(COUNT_OLD_ENTRIES, before)
    return await work.fetchval(DELETE_OLD_ENTRIES, before, limit)
