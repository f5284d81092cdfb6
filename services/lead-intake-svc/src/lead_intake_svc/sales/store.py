"""All SQL of leads that were sold."""

from collections.abc import Sequence

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

_COLUMNS = "id, lead_id, buyer_id, rule_id, state, price, sold_by, sold_at, version"
_OF_BUYER = f"""
SELECT DISTINCT ON (lead_id) {_COLUMNS} FROM sales WHERE buyer_id = $1 AND lead_id = ANY($2::text[])
ORDER BY lead_id, id DESC
"""
_END = "UPDATE sales SET state = 'returned', version = version + 1 WHERE id = $1"
# What assignment-svc said about the sale is over, too: the lead is accepted, and nobody's.
_OURS_AGAIN = """
UPDATE lead_progress SET own_state = nullif(own_state, 'sold'), work_state = nullif(work_state, 'sold')
WHERE lead_id = $1
"""


async def sales_of(work: UnitOfWork, buyer_id: str, lead_ids: Sequence[str]) -> dict[str, Record]:
    """The newest sale of each lead to the buyer."""
    return {row["lead_id"]: row for row in await work.fetch(_OF_BUYER, buyer_id, list(lead_ids))}


async def end_sale(work: UnitOfWork, sale_id: str, lead_id: str) -> None:
    await work.execute(_END, sale_id)
    await work.execute(_OURS_AGAIN, lead_id)
