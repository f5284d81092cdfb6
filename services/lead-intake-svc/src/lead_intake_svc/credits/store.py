"""All SQL of credits."""

from collections.abc import Sequence
from typing import Any

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

_COLUMNS = "id, return_id, lead_id, partner_id, direction, amount_minor, currency, entered_at"
_INSERT = f"INSERT INTO credits ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
# A lead that nobody would have been billed for is worth nothing.
_PURCHASE_PRICE = """
SELECT CASE WHEN l.billable AND coalesce(g.billable, true) THEN p.lead_price
    ELSE p.lead_price || '{"amount_minor": 0}'::jsonb END
FROM leads AS l JOIN partners AS p ON p.id = l.partner_id LEFT JOIN lead_progress AS g ON g.lead_id = l.id
WHERE l.id = $1
"""
_SALE_PRICE = "SELECT price FROM sales WHERE id = $1"
_LIST = f"""
SELECT {_COLUMNS} FROM credits WHERE partner_id = $1 AND ($2::text IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
"""


async def insert(work: UnitOfWork, values: Sequence[Any]) -> None:
    await work.execute(_INSERT, *values)


async def purchase_price(work: UnitOfWork, lead_id: str) -> dict[str, Any] | None:
    price: dict[str, Any] | None = await work.fetchval(_PURCHASE_PRICE, lead_id)
    return price


async def sale_price(work: UnitOfWork, sale_id: str) -> dict[str, Any] | None:
    price: dict[str, Any] | None = await work.fetchval(_SALE_PRICE, sale_id)
    return price


async def fetch_page(work: UnitOfWork, partner_id: str, before: str | None, limit: int) -> list[Record]:
    return await work.fetch(_LIST, partner_id, before, limit)
