"""SQL of orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from asyncpg import Record, UniqueViolationError
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict

from assignment_svc.conditions import Conditions

COLUMNS = "order_id, lead_id, version, number, status, items, total"

FIND = f"SELECT {COLUMNS} FROM orders WHERE order_id = $1"

LIST = """
SELECT o.order_id, o.lead_id, o.version, o.number, o.status, o.items, o.total
FROM orders o JOIN work_items w USING (lead_id) JOIN leads l USING (lead_id)
WHERE {} ORDER BY o.lead_id DESC, o.order_id DESC LIMIT {}
"""

# Both writes go with the work item's version: the events of orders are numbered with those of the lead.
_TOUCH = """
), touched AS (
    UPDATE work_items w SET version = w.version + 1, order_id = coalesce($2, w.order_id), changed_at = now()
    FROM written o WHERE w.lead_id = o.lead_id RETURNING w.lead_id, w.version
), told AS (
    INSERT INTO history (lead_id, version, event, actor, agent_id, data)
    SELECT t.lead_id, t.version, $3, $4, w.agent_id, to_jsonb(o) - 'lead_id'
    FROM touched t JOIN written o USING (lead_id) JOIN work_items w USING (lead_id)
)
SELECT o.*, t.version AS item_version FROM written o JOIN touched t USING (lead_id)
"""

INSERT = f"""
WITH written AS (
    INSERT INTO orders (order_id, lead_id, project_id, number, status, items, total, edited)
    SELECT $2, lead_id, project_id, $5, 'partial', $6, $7, true FROM leads WHERE lead_id = $1 RETURNING {COLUMNS}
{_TOUCH}"""

CHANGE = f"""
WITH written AS (
    UPDATE orders SET version = version + 1, number = $5, items = $6, total = $7, edited = true, changed_at = now()
    WHERE order_id = $1 AND version = $8 AND status = 'partial' RETURNING {COLUMNS}
{_TOUCH}"""

COMPLETE = f"""
WITH written AS (
    UPDATE orders SET version = version + 1, status = 'completed', edited = true, changed_at = now()
    WHERE order_id = $1 AND status = 'partial' RETURNING {COLUMNS}
{_TOUCH}"""

# A sponsor's own product comes before one of the same code that is nobody's.
PRICES = """
SELECT DISTINCT ON (code) code, price FROM products
WHERE code = ANY($2::text[]) AND (sponsor_id IS NULL OR sponsor_id = $1) ORDER BY code, sponsor_id NULLS LAST
"""

STORE_PRODUCT = """
INSERT INTO products AS p (product_id, version, code, name, sponsor_id, price) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (product_id) DO UPDATE SET version = excluded.version, code = excluded.code, name = excluded.name,
    sponsor_id = excluded.sponsor_id, price = excluded.price
    WHERE p.version < excluded.version
"""

STATUS = "SELECT status FROM orders WHERE order_id = $1"


@dataclass(frozen=True, slots=True)
class OrderContent:
    number: str
    items: list[dict[str, Any]]
    total: dict[str, Any] | None


async def find_order(work: UnitOfWork, order_id: str) -> Record | None:
    return await work.fetchrow(FIND, order_id)


async def list_orders(work: UnitOfWork, where: Conditions, limit: int) -> list[Record]:
    """Newest leads first, and of each its newest order first."""
    return await work.fetch(LIST.format(where.sql, where.value(limit)), *where.args)


async def insert_order(work: UnitOfWork, ids: tuple[str, str], actor: str, content: OrderContent) -> Record:
    """`ids`: lead and order. Raises 409 when the lead has an order of that number."""
    try:
        row = await work.fetchrow(INSERT, *ids, "order_changed", actor, content.number, content.items, content.total)
    except UniqueViolationError:
        raise _taken() from None
    assert row is not None  # noqa: S101 -- the caller found the lead, and leads stay
    return row


async def change_order(work: UnitOfWork, order: Record, actor: str, content: OrderContent) -> Record | None:
    """None when it was changed or completed since it was read."""
    values = (content.number, content.items, content.total, order["version"])
    try:
        return await work.fetchrow(CHANGE, order["order_id"], None, "order_changed", actor, *values)
    except UniqueViolationError:
        raise _taken() from None


async def complete_order(work: UnitOfWork, order_id: str, actor: str) -> Record | None:
    """None when it is completed already."""
    return await work.fetchrow(COMPLETE, order_id, None, "order_completed", actor)


async def read_status(work: UnitOfWork, order_id: str) -> str | None:
    return await work.fetchval(STATUS, order_id)


async def read_prices(work: UnitOfWork, sponsor_id: str | None, codes: Sequence[str]) -> dict[str, Any]:
    """Of the products with these codes that have a price."""
    rows = await work.fetch(PRICES, sponsor_id, list(codes))
    return {row["code"]: row["price"] for row in rows if row["price"] is not None}


async def store_product(work: UnitOfWork, *values: Any) -> None:
    """Id, version, code, name, sponsor and price, if it is newer than what is known."""
    await work.execute(STORE_PRODUCT, *values)


def _taken() -> Exception:
    return conflict("order-number-taken", "The lead has an order with this number already.")
