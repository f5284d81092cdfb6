"""All SQL of suppression lists. Statements over a whole list may take minutes: they have a time limit of their own."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

LONG_SECONDS = 600
_SHOWN = 'id, name, scope, scope_id, "national", as_of, entries, version, created_at, updated_at'
# The row's lock makes uploads of the same list wait for each other.
_UPSERT = """
INSERT INTO suppression_lists AS l (id, name, scope, scope_id, "national", as_of) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (lower(name), scope, (coalesce(scope_id, ''))) DO UPDATE SET name = $2, "national" = $5,
    as_of = $6, version = l.version + 1, updated_at = now()
RETURNING id
"""
# Whoever was erased stays a hash. `urgent` is what concerns leads that are inside: it is told before the rest.
_ADD = """
WITH added AS (
    INSERT INTO suppressions (id, kind, value, scope, scope_id, list_id)
    SELECT DISTINCT ON (kind, value) i.id, i.kind, i.value, l.scope, l.scope_id, l.id
    FROM suppression_incoming AS i CROSS JOIN suppression_lists AS l
    WHERE l.id = $1 AND NOT EXISTS (
        SELECT FROM suppressions AS s WHERE s.list_id = $1 AND s.kind = i.kind AND s.value = i.hashed)
    ON CONFLICT DO NOTHING RETURNING id, kind, value, scope, scope_id, list_id
),
told AS (
    INSERT INTO suppression_tells (urgent, removed, suppression_id, kind, value, scope, scope_id, list_id)
    SELECT a.kind = 'domain' OR EXISTS (SELECT FROM lead_identities AS n WHERE n.kind = a.kind AND n.value = a.value),
        false, a.id, a.kind, a.value, a.scope, a.scope_id, a.list_id
    FROM added AS a
)
SELECT count(*) FROM added
"""


def _removed(which: str) -> str:
    return f"""
WITH gone AS (
    DELETE FROM suppressions AS s WHERE s.list_id = $1 AND {which} RETURNING id, kind, value, scope, scope_id, list_id
),
told AS (
    INSERT INTO suppression_tells (urgent, removed, suppression_id, kind, value, scope, scope_id, list_id)
    SELECT false, true, id, kind, value, scope, scope_id, list_id FROM gone
)
SELECT count(*) FROM gone
"""


_REMOVE = _removed("""s.value NOT LIKE 'keyed:%' AND NOT EXISTS (
        SELECT FROM suppression_incoming AS i WHERE i.kind = s.kind AND i.value = s.value)""")
_EMPTY = _removed("true")
_COUNT = f"""
UPDATE suppression_lists SET entries = entries + $2 WHERE id = $1 RETURNING {_SHOWN}
"""
_FIND = f"SELECT {_SHOWN} FROM suppression_lists WHERE id = $1"
_LIST = f"""
SELECT {_SHOWN} FROM suppression_lists WHERE $1::text IS NULL OR id < $1 ORDER BY id DESC LIMIT $2
"""
_FORGET_INCOMING = "DELETE FROM suppression_incoming"
_DELETE = "DELETE FROM suppression_lists WHERE id = $1"
_TAKE = """
DELETE FROM suppression_tells WHERE position IN (
    SELECT position FROM suppression_tells ORDER BY urgent DESC, position LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING removed, suppression_id, kind, value, scope, scope_id, list_id
"""
_STALE = """
UPDATE suppression_lists SET alarmed_as_of = as_of
WHERE "national" AND as_of < now() - $1::interval AND alarmed_as_of IS DISTINCT FROM as_of
RETURNING id, scope, scope_id, "national", as_of, version
"""


async def upsert(work: UnitOfWork, list_id: str, values: Sequence[Any]) -> str:
    """`values`: name, scope, scope id, national, as_of. The list's id: that of the one that is there, if it is."""
    return str(await work.fetchval(_UPSERT, list_id, *values))


async def receive(work: UnitOfWork, rows: Sequence[tuple[str, str, str, str | None]]) -> None:
    """`rows`: id, kind, value, hash."""
    await work.connection.copy_records_to_table("suppression_incoming", records=rows)


async def forget_incoming(work: UnitOfWork) -> None:
    """What this transaction received. Nothing is ever committed there, so that uploads do not see each other's."""
    await work.connection.execute(_FORGET_INCOMING, timeout=LONG_SECONDS)


async def add(work: UnitOfWork, list_id: str) -> int:
    return await _counted(work, _ADD, list_id)


async def remove_others(work: UnitOfWork, list_id: str) -> int:
    """What the upload does not have. Whoever was erased stays."""
    return await _counted(work, _REMOVE, list_id)


async def empty(work: UnitOfWork, list_id: str) -> None:
    await _counted(work, _EMPTY, list_id)


async def _counted(work: UnitOfWork, statement: str, *values: Any) -> int:
    found = await work.connection.fetchval(statement, *values, timeout=LONG_SECONDS)
    return int(found or 0)


async def count(work: UnitOfWork, list_id: str, more: int) -> Record:
    row = await work.fetchrow(_COUNT, list_id, more)
    assert row is not None  # noqa: S101 -- the caller holds the row
    return row


async def find(work: UnitOfWork, list_id: str, *, lock: bool = False) -> Record | None:
    return await work.fetchrow(_FIND + (" FOR UPDATE" if lock else ""), list_id)


async def fetch_page(work: UnitOfWork, before: str | None, limit: int) -> list[Record]:
    return await work.fetch(_LIST, before, limit)


async def delete(work: UnitOfWork, list_id: str) -> None:
    await work.execute(_DELETE, list_id)


async def take_tells(work: UnitOfWork, limit: int) -> list[Record]:
    return await work.fetch(_TAKE, limit)


async def take_stale(work: UnitOfWork, age: timedelta) -> list[Record]:
    """National lists that have become older than that since they were last spoken of."""
    return await work.fetch(_STALE, age)
