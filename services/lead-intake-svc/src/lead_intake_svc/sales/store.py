"""All SQL of leads that were sold, and of the rules that sell them."""

from collections.abc import Mapping, Sequence
from typing import Any

from asyncpg import Record
from lead_intake_svc.where import where
from messaging.unit_of_work import UnitOfWork

_COLUMNS = "id, lead_id, buyer_id, rule_id, state, price, sold_by, sold_at, version"
_BUYER = "SELECT id, active, buys_leads, is_test FROM partners WHERE id = $1"
_LOCK_LEADS = "SELECT FROM leads WHERE id = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE"
_INSERT = f"""
INSERT INTO sales (id, lead_id, buyer_id, rule_id, state, price, sold_by, sold_at)
VALUES ($1, $2, $3, $4, 'sold', $5, $6, $7) RETURNING {_COLUMNS}
"""
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
_LIVE = "SELECT id, buyer_id FROM sales WHERE lead_id = $1 AND state = 'sold'"
_FIND = f"SELECT {_COLUMNS} FROM sales WHERE id = $1 AND ($2::text IS NULL OR buyer_id = $2)"
_LIST = f"SELECT {_COLUMNS} FROM sales"
_CONDITIONS = {
    "own": "buyer_id = {0}",
    "buyer_id": "buyer_id = {0}",
    "lead_id": "lead_id = {0}",
    "state": "state = {0}",
    "before": "id < {0}",
}
_RULE = "id, buyer_id, project_id, partner_id, price, active, place, version, created_at"
RULE_FIELDS = ("buyer_id", "project_id", "partner_id", "price", "active", "place")
_INSERT_RULE = f"""
INSERT INTO sale_rules (id, {", ".join(RULE_FIELDS)}) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING {_RULE}
"""
_FIND_RULE = f"SELECT {_RULE} FROM sale_rules WHERE id = $1 FOR UPDATE"
_CHANGE_RULE = f"""
UPDATE sale_rules SET ({", ".join(RULE_FIELDS)}) = ROW ($2, $3, $4, $5::jsonb, $6, $7), version = version + 1
WHERE id = $1 RETURNING {_RULE}
"""
_DELETE_RULE = "DELETE FROM sale_rules WHERE id = $1"
_RULES_FOR = """
SELECT id, buyer_id, project_id, partner_id, price FROM sale_rules
WHERE active AND (project_id IS NULL OR project_id = $1) AND (partner_id IS NULL OR partner_id = $2) AND buyer_id <> $2
ORDER BY place, id
"""
_LIST_RULES = f"SELECT {_RULE} FROM sale_rules WHERE $1::text IS NULL OR id > $1 ORDER BY id LIMIT $2"


async def find_buyer(work: UnitOfWork, buyer_id: str) -> Record | None:
    return await work.fetchrow(_BUYER, buyer_id)


async def lock_leads(work: UnitOfWork, lead_ids: Sequence[str]) -> None:
    """Whoever takes several leads takes them in the order of their ids."""
    await work.execute(_LOCK_LEADS, sorted(set(lead_ids)))


async def insert(work: UnitOfWork, values: Sequence[Any]) -> Record:
    return _row(await work.fetchrow(_INSERT, *values))


async def sales_of(work: UnitOfWork, buyer_id: str, lead_ids: Sequence[str]) -> dict[str, Record]:
    """The newest sale of each lead to the buyer."""
    return {row["lead_id"]: row for row in await work.fetch(_OF_BUYER, buyer_id, list(lead_ids))}


async def live_sale(work: UnitOfWork, lead_id: str) -> Record | None:
    return await work.fetchrow(_LIVE, lead_id)


async def end_sale(work: UnitOfWork, sale_id: str, lead_id: str) -> None:
    await work.execute(_END, sale_id)
    await work.execute(_OURS_AGAIN, lead_id)


async def find(work: UnitOfWork, sale_id: str, own: str | None) -> Record | None:
    return await work.fetchrow(_FIND, sale_id, own)


async def fetch_page(work: UnitOfWork, asked: Mapping[str, str | None], limit: int) -> list[Record]:
    """`asked`: names of _CONDITIONS; `own` is the buyer that looks, `before` the id that the page before ended with."""
    clause, values = where(_CONDITIONS, asked)
    return await work.fetch(f"{_LIST} WHERE {clause} ORDER BY id DESC LIMIT ${len(values) + 1}", *values, limit)


async def insert_rule(work: UnitOfWork, rule_id: str, values: Mapping[str, Any]) -> Record:
    return _row(await work.fetchrow(_INSERT_RULE, rule_id, *(values[name] for name in RULE_FIELDS)))


async def find_rule(work: UnitOfWork, rule_id: str) -> Record | None:
    return await work.fetchrow(_FIND_RULE, rule_id)


async def change_rule(work: UnitOfWork, rule_id: str, values: Mapping[str, Any]) -> Record:
    return _row(await work.fetchrow(_CHANGE_RULE, rule_id, *(values[name] for name in RULE_FIELDS)))


async def delete_rule(work: UnitOfWork, rule_id: str) -> bool:
    return await work.execute(_DELETE_RULE, rule_id) == "DELETE 1"


async def rules_for(work: UnitOfWork, project_id: str, partner_id: str) -> list[Record]:
    return await work.fetch(_RULES_FOR, project_id, partner_id)


async def fetch_rules(work: UnitOfWork, after: str | None, limit: int) -> list[Record]:
    return await work.fetch(_LIST_RULES, after, limit)


def _row(row: Record | None) -> Record:
    assert row is not None  # noqa: S101 -- a statement with RETURNING whose row the caller holds
    return row
