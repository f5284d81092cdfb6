"""claimed → offer sent → accepted in writing → converted; or it lapses, and the lead is resolved."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from contracts.events.assignment import LeadResolvedV1, OfferAcceptedV1, OfferEvent, OfferLapsedV1, OfferSentV1
from contracts.ids import new_id
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict, invalid

from assignment_svc.offers import store
from assignment_svc.offers.store import Offer
from assignment_svc.orders.store import read_status
from assignment_svc.timers.store import remind, remind_at
from assignment_svc.work_items.change import Change, after, lead_ref
from assignment_svc.work_items.item import OFFER_SENT, RESOLVED, WorkItem
from assignment_svc.work_items.store import find_items
from assignment_svc.work_items.transition import transition, transition_one

TIMER: Final = "offer"
LAPSED: Final = "offer-lapsed"
_AGAIN: Final = timedelta(seconds=1)


async def send_offer(work: UnitOfWork, item: WorkItem, actor: str, token: int) -> Offer:
    """Of the newest order; raises 422 when there is none, 409 where nobody asks for written confirmation."""
    if item.order_id is None or await read_status(work, item.order_id) != "partial":
        raise invalid("no-order", "The lead has no order that could be offered.")
    agent_id = item.agent_id or actor
    offer = await store.insert_offer(work, new_id("ofr"), item.lead_id, agent_id, item.order_id)
    if offer is None:
        raise conflict("no-written-confirmation", "This campaign needs no written confirmation: complete the order.")
    change = _tell(OfferSentV1, item, actor, offer, token)
    await transition_one(work, change)
    await remind_at(work, TIMER, [(offer.offer_id, offer.lapses_at)])
    return offer


async def accept_offer(work: UnitOfWork, item: WorkItem, actor: str, token: int | None) -> Offer:
    """Says that it was accepted in writing; whoever calls converts the lead. Raises 409 when no offer waits."""
    offer = await store.find_offer(work, item.lead_id)
    if item.state != OFFER_SENT or offer is None:
        raise conflict("no-offer", "No offer of this lead waits for an answer.")
    await transition_one(work, _tell(OfferAcceptedV1, item, actor, offer, token))
    await store.set_status(work, offer.offer_id, "accepted")
    return offer


async def lapse(work: UnitOfWork, offer_ids: Sequence[str]) -> None:
    """The timer's handler: nobody answered in time."""
    lapsed = await store.find_lapsed(work, offer_ids)
    moved = await transition(work, [_tell(OfferLapsedV1, item, None, offer, None) for item, offer in lapsed])
    items = await find_items(work, sorted(moved)) if moved else {}
    done = await transition(work, [_resolve(item) for item in items.values()])
    for item, offer in lapsed:
        if item.lead_id in done:
            await store.set_status(work, offer.offer_id, "lapsed")
    await remind(work, TIMER, [offer.offer_id for item, offer in lapsed if item.lead_id not in done], _AGAIN)


def _tell(event: type[OfferEvent], item: WorkItem, actor: str | None, offer: Offer, token: int | None) -> Change:
    """Who sent it keeps the lead, which is closed to other steps until there is an answer."""
    told = event(
        lead=lead_ref(item),
        actor=actor,
        received_at=item.received_at,
        offer_id=offer.offer_id,
        agent_id=offer.agent_id,
        lapses_at=offer.lapses_at,
    )
    return Change(
        item=item,
        after=after(item, OFFER_SENT, agent_id=offer.agent_id),
        event=told,
        actor=actor,
        data={"offer_id": offer.offer_id, "lapses_at": offer.lapses_at},
        token=token,
        keeps_lock=event is OfferAcceptedV1,
    )


def _resolve(item: WorkItem) -> Change:
    event = LeadResolvedV1(
        lead=lead_ref(item),
        received_at=item.received_at,
        agent_id=item.agent_id or "",
        disposition_id=LAPSED,
        disposition="Offer lapsed",
    )
    new = after(item, RESOLVED, agent_id=item.agent_id, reason=LAPSED)
    return Change(item=item, after=new, event=event, actor=None, data={"reason": LAPSED})
