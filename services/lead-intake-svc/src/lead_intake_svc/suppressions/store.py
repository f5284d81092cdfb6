"""All SQL of single suppressions, except their look-up at intake."""

from collections.abc import Mapping, Sequence
from typing import Any

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

_SHOWN = "id, kind, value, scope, scope_id, list_id, created_at"
_INSERT = f"""
INSERT INTO suppressions (id, kind, value, scope, scope_id) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING RETURNING {_SHOWN}
"""
_FIND_SAME = f"""
SELECT {_SHOWN} FROM suppressions
WHERE kind = $1 AND value = $2 AND scope = $3 AND coalesce(scope_id, '') = coalesce($4, '') AND list_id IS NULL
"""
_FIND = f"SELECT {_SHOWN} FROM suppressions WHERE id = $1"
_DELETE = f"DELETE FROM suppressions WHERE id = $1 RETURNING {_SHOWN}"
_LIST = f"""
SELECT {_SHOWN} FROM suppressions
WHERE ($1::text IS NULL OR kind = $1) AND ($2::text[] IS NULL OR value = ANY($2)) AND ($3::text IS NULL OR list_id = $3)
    AND ($4::text IS NULL OR id < $4)
ORDER BY id DESC LIMIT $5
"""
# Where the hash is there already, the plain row goes.
_REPLACE = """
WITH held AS (
    DELETE FROM suppressions WHERE kind = $1 AND value = $2 RETURNING id, scope, scope_id, list_id, created_at
),
kept AS (
    INSERT INTO suppressions (id, kind, value, scope, scope_id, list_id, created_at)
    SELECT id, $1, $3, scope, scope_id, list_id, created_at FROM held
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM held
"""


async def insert(work: UnitOfWork, suppression_id: str, wanted: Mapping[str, Any]) -> Record | None:
    """None when the same is there already."""
    return await work.fetchrow(
        _INSERT, suppression_id, wanted["kind"], wanted["value"], wanted["scope"], wanted["scope_id"]
    )


async def find_same(work: UnitOfWork, wanted: Mapping[str, Any]) -> Record | None:
    return await work.fetchrow(_FIND_SAME, wanted["kind"], wanted["value"], wanted["scope"], wanted["scope_id"])


async def find(work: UnitOfWork, suppression_id: str) -> Record | None:
    return await work.fetchrow(_FIND, suppression_id)


async def delete(work: UnitOfWork, suppression_id: str) -> Record | None:
    return await work.fetchrow(_DELETE, suppression_id)


async def replace_value(work: UnitOfWork, kind: str, value: str, hashed: str) -> int:
    return int(await work.fetchval(_REPLACE, kind, value, hashed))


async def fetch_page(
    work: UnitOfWork, wanted: tuple[str | None, Sequence[str] | None, str | None], before: str | None, limit: int
) -> list[Record]:
    """`wanted`: kind, one of these values, list; None for all."""
    return await work.fetch(_LIST, *wanted, before, limit)
