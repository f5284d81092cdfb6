"""All SQL of the custom categories of returned leads."""

from collections.abc import Sequence

from asyncpg import Record, UniqueViolationError
from messaging.unit_of_work import UnitOfWork

_COLUMNS = "id, name, active, version, created_at"
_INSERT = f"INSERT INTO return_flags (id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING {_COLUMNS}"
_LIST = f"""
SELECT {_COLUMNS} FROM return_flags
WHERE ($1::boolean IS NULL OR active = $1) AND ($2::text IS NULL OR id > $2) ORDER BY id LIMIT $3
"""
_FIND = f"SELECT {_COLUMNS} FROM return_flags WHERE id = $1 FOR UPDATE"
_CHANGE = f"""
UPDATE return_flags SET name = $2, active = $3, version = version + 1 WHERE id = $1 RETURNING {_COLUMNS}
"""
_USED = "SELECT EXISTS (SELECT FROM returns WHERE flags @> ARRAY[$1::text] AND flags <> '{}')"
_DELETE = "DELETE FROM return_flags WHERE id = $1"
_USABLE = "SELECT id FROM return_flags WHERE id = ANY($1::text[]) AND active FOR KEY SHARE"


async def insert(work: UnitOfWork, flag_id: str, name: str) -> Record | None:
    """None when the name is taken."""
    return await work.fetchrow(_INSERT, flag_id, name)


async def fetch_page(work: UnitOfWork, active: bool | None, after: str | None, limit: int) -> list[Record]:
    return await work.fetch(_LIST, active, after, limit)


async def find_locked(work: UnitOfWork, flag_id: str) -> Record | None:
    return await work.fetchrow(_FIND, flag_id)


async def change(work: UnitOfWork, flag_id: str, name: str, active: bool) -> Record | None:
    """None when the name is taken."""
    try:
        async with work.part():
            return await work.fetchrow(_CHANGE, flag_id, name, active)
    except UniqueViolationError:
        return None


async def delete_unused(work: UnitOfWork, flag_id: str) -> bool:
    """False when a return has the flag."""
    if await work.fetchval(_USED, flag_id):
        return False
    await work.execute(_DELETE, flag_id)
    return True


async def usable(work: UnitOfWork, flag_ids: Sequence[str]) -> set[str]:
    """Those of the ids that are active flags; they stay until the transaction ends."""
    return {row["id"] for row in await work.fetch(_USABLE, list(flag_ids))}
