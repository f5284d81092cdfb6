"""Order entry (A1.12), and completing an order, which converts its lead by itself (A1.11)."""

from typing import Any

import msgspec
from asyncpg import Record
from contracts.events.assignment import LeadConvertedV1, OrderChangedV1, OrderCompletedV1
from contracts.events.values import Order
from contracts.ids import new_id
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict, invalid

from assignment_svc.offers.store import awaits_confirmation
from assignment_svc.orders import store
from assignment_svc.orders.store import OrderContent
from assignment_svc.work_items.change import Change, after, lead_ref
from assignment_svc.work_items.item import CLAIMED, CONVERTED, OFFER_SENT, WAITING, WorkItem
from assignment_svc.work_items.store import find_items
from assignment_svc.work_items.transition import transition_one


async def add_order(work: UnitOfWork, item: WorkItem, actor: str, content: OrderContent) -> Record:
    """Becomes the lead's newest order; raises 409 when the number is taken."""
    row = await store.insert_order(work, (item.lead_id, new_id("ord")), actor, content)
    _tell_change(work, item, actor, row)
    return row


async def edit_order(work: UnitOfWork, item: WorkItem, actor: str, order: Record, content: OrderContent) -> Record:
    """Raises 409 for a completed order, or one that somebody else changed at the same moment."""
    if order["status"] != "partial":
        raise conflict("order-completed", "A completed order stays as it is.")
    row = await store.change_order(work, order, actor, content)
    if row is None:
        raise conflict("changed-meanwhile", "Somebody changed this order at the same moment. Read it again.")
    _tell_change(work, item, actor, row)
    return row


async def complete_order(work: UnitOfWork, item: WorkItem, actor: str, order_id: str, token: int | None) -> Record:
    """Raises 409 when it is completed already. A lead that is closed for another reason stays so."""
    await _refuse_unless_confirmed(work, item)
    row = await store.complete_order(work, order_id, actor)
    if row is None:
        raise conflict("order-completed", "The order is completed already.")
    order = order_of(row)
    told = OrderCompletedV1(
        lead=lead_ref(item), actor=actor, received_at=item.received_at, order_id=order_id, order=order
    )
    work.publish(told, sequence=row["item_version"])
    if item.state in WAITING | {CLAIMED, OFFER_SENT}:
        now = (await find_items(work, [item.lead_id]))[item.lead_id]
        await transition_one(work, _convert(now, actor, (order_id, order), token))
    return row


async def convert(work: UnitOfWork, item: WorkItem, actor: str, token: int | None) -> None:
    """Completes the newest order; raises 422 when there is none that could be."""
    await _refuse_unless_confirmed(work, item)
    status = await store.read_status(work, item.order_id) if item.order_id else None
    if item.order_id is None or status is None:
        raise invalid("no-order", "The lead has no order that could be completed.")
    if status == "partial":
        await complete_order(work, item, actor, item.order_id, token)
        return
    row = await store.find_order(work, item.order_id)
    assert row is not None  # noqa: S101 -- its status was read above, and orders stay
    await transition_one(work, _convert(item, actor, (item.order_id, order_of(row)), token))


async def _refuse_unless_confirmed(work: UnitOfWork, item: WorkItem) -> None:
    """A3.14: where the law wants it in writing, an order is one when its offer was accepted."""
    if await awaits_confirmation(work, item.lead_id):
        raise conflict("not-confirmed", "This campaign needs the customer's acceptance in writing: send an offer.")


def order_of(row: Record) -> Order:
    fields: dict[str, Any] = {name: row[name] for name in ("number", "status", "items", "total")}
    return msgspec.convert(fields, Order)


def _convert(item: WorkItem, actor: str, order: tuple[str, Order], token: int | None) -> Change:
    agent_id = item.agent_id or actor
    event = LeadConvertedV1(
        lead=lead_ref(item),
        actor=actor,
        received_at=item.received_at,
        agent_id=agent_id,
        order_id=order[0],
        order=order[1],
    )
    new = after(item, CONVERTED, agent_id=agent_id)
    return Change(item=item, after=new, event=event, actor=actor, data={"order_id": order[0]}, token=token)


def _tell_change(work: UnitOfWork, item: WorkItem, actor: str, row: Record) -> None:
    event = OrderChangedV1(
        lead=lead_ref(item),
        actor=actor,
        received_at=item.received_at,
        order_id=row["order_id"],
        order=order_of(row),
    )
    work.publish(event, sequence=row["item_version"])
