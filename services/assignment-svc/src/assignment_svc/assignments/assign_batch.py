"""A1.7: gives many leads to one agent, each on its own terms, in one transaction with its log."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from contracts.ids import new_id
from messaging.unit_of_work import UnitOfWork

from assignment_svc.agent_options.store import read_options
from assignment_svc.assignments import store
from assignment_svc.assignments.rules import NOT_PARTIAL, NOT_RESPONSIBLE, TAKEN, Refusal, why_not
from assignment_svc.steps.by_supervisors import assigning
from assignment_svc.target_group.store import kept_for_others
from assignment_svc.work_items.change import Change
from assignment_svc.work_items.item import WorkItem
from assignment_svc.work_items.store import find_items
from assignment_svc.work_items.transition import transition


@dataclass(frozen=True, slots=True)
class Result:
    """`id` is the lead, when there is one."""

    index: int
    status: str
    code: str | None = None
    detail: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A row of the request: a lead, or one of its orders."""

    index: int
    lead_id: str | None
    order_id: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """To whom, whether orders need not be partial, and which leads are for somebody else (A3.6)."""

    agent_id: str
    any_order: bool
    reserved: set[str]


async def assign_batch(
    work: UnitOfWork, actor: str, agent_id: str, ids: tuple[Sequence[str], Sequence[str]]
) -> tuple[str, list[Result]]:
    """`ids`: leads and orders, of which one is empty. Returns the log's id, and a result per row, in order.

    A repeat changes nothing: what the agent has already is skipped.
    """
    wanted = await _wanted(work, *ids)
    lead_ids = sorted({row.lead_id for row in wanted if row.lead_id is not None})
    await store.pin(work, agent_id, lead_ids)
    items = await find_items(work, lead_ids)
    orders = await store.read_orders(work, [item.order_id for item in items.values() if item.order_id])
    reserved = await kept_for_others(work, lead_ids, agent_id)
    terms = Terms(agent_id, (await read_options(work, agent_id)).view_non_partial_orders, reserved)
    results: list[Result] = []
    changes: list[Change] = []
    given: set[str] = set()
    for row in wanted:
        item = items.get(row.lead_id or "")
        order = None if item is None else orders.get(item.order_id or "")
        result = _judge(row, item, None if order is None else order["status"], terms)
        if item is not None and result.status == "ok" and item.lead_id in given:
            result = _skipped(row, item, Refusal("repeated", "The same lead stands further up in this batch."))
        elif item is not None and result.status == "ok":
            given.add(item.lead_id)
            changes.append(assigning(item, actor, agent_id, via="batch"))
        results.append(result)
    await transition(work, changes)
    batch_id = new_id("bat")
    await store.insert_batch(work, batch_id, actor, agent_id, [asdict(result) for result in results])
    return batch_id, results


async def _wanted(work: UnitOfWork, lead_ids: Sequence[str], order_ids: Sequence[str]) -> list[Wanted]:
    if not order_ids:
        return [Wanted(index, lead_id) for index, lead_id in enumerate(lead_ids)]
    orders = await store.read_orders(work, order_ids)
    return [
        Wanted(index, orders[order_id]["lead_id"] if order_id in orders else None, order_id)
        for index, order_id in enumerate(order_ids)
    ]


def _judge(row: Wanted, item: WorkItem | None, order_status: str | None, terms: Terms) -> Result:
    if item is None:
        return Result(row.index, "failed", "not-found", "There is nothing here that you may see.")
    refusal = why_not(item, order_status, any_order=terms.any_order)
    if refusal is TAKEN and item.agent_id == terms.agent_id:
        refusal = Refusal("already-with-agent", "The agent has this lead already.")
    elif refusal in (None, NOT_PARTIAL) and row.order_id is not None and row.order_id != item.order_id:
        refusal = Refusal("order-not-newest", "The lead has a newer order, which decides.")
    elif refusal is None and item.lead_id in terms.reserved:
        refusal = NOT_RESPONSIBLE
    if refusal is not None:
        return _skipped(row, item, refusal)
    return Result(row.index, "ok", id=item.lead_id)


def _skipped(row: Wanted, item: WorkItem, refusal: Refusal) -> Result:
    return Result(row.index, "skipped", refusal.code, refusal.detail, item.lead_id)
