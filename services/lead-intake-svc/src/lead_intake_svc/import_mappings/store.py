"""SQL of saved mappings."""

from collections.abc import Mapping
from typing import Any

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

_ADD = """
INSERT INTO import_mappings (id, partner_id, name, columns) VALUES ($1, $2, $3, $4)
ON CONFLICT (partner_id, lower(name)) DO NOTHING RETURNING *
"""
_FIND = "SELECT * FROM import_mappings WHERE id = $1 AND ($2::text IS NULL OR partner_id = $2)"
_PAGE = """
SELECT * FROM import_mappings WHERE ($1::text IS NULL OR partner_id = $1) AND ($2::text IS NULL OR id > $2)
ORDER BY id LIMIT $3
"""
_CHANGE = """
UPDATE import_mappings SET name = $2, columns = $3, version = version + 1, updated_at = now() WHERE id = $1 RETURNING *
"""
_REMOVE = "DELETE FROM import_mappings WHERE id = $1 AND ($2::text IS NULL OR partner_id = $2)"


async def add(
    work: UnitOfWork, mapping_id: str, partner_id: str, name: str, columns: Mapping[str, str]
) -> Record | None:
    """None when the partner has a mapping of that name."""
    return await work.fetchrow(_ADD, mapping_id, partner_id, name, dict(columns))


async def find(work: UnitOfWork, mapping_id: str, partner_id: str | None) -> Record | None:
    return await work.fetchrow(_FIND, mapping_id, partner_id)


async def find_locked(work: UnitOfWork, mapping_id: str, partner_id: str | None) -> Record | None:
    return await work.fetchrow(f"{_FIND} FOR UPDATE", mapping_id, partner_id)


async def fetch_page(work: UnitOfWork, partner_id: str | None, after: str | None, limit: int) -> list[Record]:
    return await work.fetch(_PAGE, partner_id, after, limit)


async def change(work: UnitOfWork, mapping_id: str, name: str, columns: Mapping[str, str]) -> Any:
    """Raises UniqueViolationError when the partner has another mapping of that name."""
    return await work.fetchrow(_CHANGE, mapping_id, name, dict(columns))


async def remove(work: UnitOfWork, mapping_id: str, partner_id: str | None) -> bool:
    return await work.execute(_REMOVE, mapping_id, partner_id) == "DELETE 1"
