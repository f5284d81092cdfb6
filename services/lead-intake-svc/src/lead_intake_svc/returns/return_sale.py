"""A buyer sends back what it was sold (I2.24): the same machine, with the roles swapped."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from asyncpg import Record
from contracts.ids import new_id
from lead_intake_svc.returns import store
from lead_intake_svc.returns.events import tell
from lead_intake_svc.returns.request_return import RATE_EXCEEDED, UNKNOWN, Request
from lead_intake_svc.returns.rules import SALE, Refusal, Terms, Traffic, exceeds_rate, refusal
from lead_intake_svc.returns.terms import goods_of, terms_of
from lead_intake_svc.sales.store import sales_of
from messaging.unit_of_work import UnitOfWork


async def return_sales(
    work: UnitOfWork, lead_ids: Sequence[str], buyer_id: str, request: Request
) -> list[Record | Refusal]:
    """A return or the reason why not, per lead and in order. Leads that were not sold to the buyer are unknown."""
    partner = await store.lock_buyer(work, buyer_id)
    if partner is None:
        return [UNKNOWN for _ in lead_ids]
    terms, now = terms_of(partner, SALE), datetime.now(UTC)
    leads = await store.lock_leads(work, lead_ids)
    sales = await sales_of(work, buyer_id, lead_ids)
    return [await _return(work, leads.get(lead_id), sales.get(lead_id), (terms, request, now)) for lead_id in lead_ids]


async def _return(
    work: UnitOfWork, lead: Record | None, sale: Record | None, asked: tuple[Terms, Request, datetime]
) -> Record | Refusal:
    terms, request, now = asked
    if lead is None or sale is None:
        return UNKNOWN
    if sale["state"] != "sold":
        return Refusal("lead-returned", "The lead has been returned already.")
    goods = replace(goods_of(lead), since=sale["sold_at"], own_state=None, work_state=None)
    no = refusal(goods, terms, request.reason, now)
    if no is not None:
        return no
    over = await _over(work, sale["buyer_id"], terms, now)
    if over and terms.rate_blocks:
        return Refusal(RATE_EXCEEDED, "More returns than were agreed with the partner.")
    place = (lead["id"], sale["id"], sale["buyer_id"], lead["project_id"], lead["sponsor_id"])
    said = ("requested", request.reason, request.comment, None, RATE_EXCEEDED if over else None, {}, terms.on_no_answer)
    deadline = now + terms.answer_within
    row = await store.insert(work, (new_id("ret"), SALE, *place, *said, now, request.actor, deadline))
    if row is None:
        return Refusal("return-open", "A return of the lead is open already.")
    await tell(work, row, lead, "requested", request.actor)
    return row


async def _over(work: UnitOfWork, buyer_id: str, terms: Terms, now: datetime) -> bool:
    if terms.rate is None:
        return False
    since = now - max(terms.rate_window, timedelta(days=1))
    traffic = Traffic(await store.count_sold(work, buyer_id, since), await store.count_returned(work, buyer_id, since))
    return exceeds_rate(terms, traffic)
