"""SQL of assignments by hand."""

from collections.abc import Mapping, Sequence
from typing import Any

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

# The agent before the leads, as a claim does, and leads in one order: two batches wait for each other and none dies.
PIN_AGENT = "SELECT agent_id FROM agents WHERE agent_id = $1 FOR NO KEY UPDATE"
PIN = "SELECT lead_id FROM work_items WHERE lead_id = ANY($1::text[]) ORDER BY lead_id FOR NO KEY UPDATE"

ORDERS = "SELECT order_id, lead_id, status FROM orders WHERE order_id = ANY($1::text[])"

INSERT = """
INSERT INTO assignment_batches (batch_id, actor, agent_id, results) VALUES ($1, $2, $3, $4)
RETURNING batch_id, at, actor, agent_id, results
"""

LIST = """
SELECT batch_id, at, actor, agent_id, jsonb_array_length(results) AS leads,
    (SELECT count(*) FROM jsonb_array_elements(results) r WHERE r ->> 'status' = 'ok') AS assigned
FROM assignment_batches WHERE $1::text IS NULL OR batch_id < $1 ORDER BY batch_id DESC LIMIT $2
"""

FIND = "SELECT batch_id, at, actor, agent_id, results FROM assignment_batches WHERE batch_id = $1"


async def pin(work: UnitOfWork, agent_id: str, lead_ids: Sequence[str]) -> None:
    """Nobody moves the leads, nor gives the agent others, until the transaction ends."""
    await work.execute(PIN_AGENT, agent_id)
    await work.fetch(PIN, lead_ids)


async def read_orders(work: UnitOfWork, order_ids: Sequence[str]) -> dict[str, Record]:
    return {row["order_id"]: row for row in await work.fetch(ORDERS, order_ids)}


async def insert_batch(
    work: UnitOfWork, batch_id: str, actor: str, agent_id: str, results: Sequence[Mapping[str, Any]]
) -> None:
    await work.execute(INSERT, batch_id, actor, agent_id, results)


async def list_batches(work: UnitOfWork, before: str | None, limit: int) -> list[Record]:
    return await work.fetch(LIST, before, limit)


async def find_batch(work: UnitOfWork, batch_id: str) -> Record | None:
    return await work.fetchrow(FIND, batch_id)
