"""A buyer sends back what it was sold (I2.24): the same machine, with the roles swapped."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from asyncpg import Record
from contracts.events.notify import ReturnReceivedV1
from contracts.ids import new_id
from lead_intake_svc.returns import store
from lead_intake_svc.returns.events import tell
from lead_intake_svc.returns.request_return import RATE_EXCEEDED, RATE_REFUSED, UNKNOWN, Request
from lead_intake_svc.returns.rules import SALE, Refusal, Terms, Traffic, exceeds_rate, refusal
from lead_intake_svc.returns.terms import goods_of, terms_of
from lead_intake_svc.sales.store import sales_of
from messaging.unit_of_work import UnitOfWork

_OPEN = Refusal("return-open", "A return of the lead is open already.")
_GONE = Refusal("lead-returned", "The lead has been returned already.")


@dataclass(frozen=True, slots=True)
class _Asked:
    """`evidence` has the buyer's own id of the return, if it told us."""

    request: Request
    terms: Terms
    now: datetime
    evidence: dict[str, Any]


async def return_sales(
    work: UnitOfWork, lead_ids: Sequence[str], buyer_id: str, request: Request
) -> list[Record | Refusal]:
    """A return or the reason why not, per lead and in order. Leads that were not sold to the buyer are unknown."""
    partner = await store.lock_buyer(work, buyer_id)
    if partner is None:
        return [UNKNOWN for _ in lead_ids]
    asked = _Asked(request, terms_of(partner, SALE), datetime.now(UTC), {})
    leads = await store.lock_leads(work, lead_ids)
    sales = await sales_of(work, buyer_id, lead_ids)
    return [await _return(work, leads.get(lead_id), sales.get(lead_id), asked) for lead_id in lead_ids]


async def hear_return(work: UnitOfWork, event: ReturnReceivedV1) -> None:
    """A buyer's Leadwire asks. It cannot be told no at once: what may not be requested waits for a supervisor."""
    lead_id = event.lead.lead_id
    partner = await store.lock_buyer(work, event.buyer_id)
    sale = (await sales_of(work, event.buyer_id, [lead_id])).get(lead_id)
    lead = (await store.lock_leads(work, [lead_id])).get(lead_id)
    if partner is None or sale is None or lead is None or lead["own_state"] == "erased":
        return
    request = Request(event.reason[:100], event.comment, None)
    evidence = {"external_return_id": event.external_return_id}
    asked = _Asked(request, terms_of(partner, SALE), datetime.now(UTC), evidence)
    no = await _return(work, lead, sale, asked)
    if isinstance(no, Refusal) and no not in {_OPEN, _GONE}:
        await store.insert(work, _values(lead, sale, asked, ("proposed", no.code, None)))


async def _return(work: UnitOfWork, lead: Record | None, sale: Record | None, asked: _Asked) -> Record | Refusal:
    if lead is None or sale is None or lead["own_state"] == "erased":
        return UNKNOWN
    if sale["state"] != "sold":
        return _GONE
    terms, request = asked.terms, asked.request
    goods = replace(goods_of(lead), since=sale["sold_at"], own_state=None, work_state=None)
    no = refusal(goods, terms, request.reason, asked.now)
    over = no is None and await _over(work, sale["buyer_id"], terms, asked.now)
    if no is not None or (over and terms.rate_blocks):
        return no or RATE_REFUSED
    warning, deadline = RATE_EXCEEDED if over else None, asked.now + terms.answer_within
    confirmed = (request.reason, request.comment, warning, asked.evidence, terms.on_no_answer, asked.now, request.actor)
    row = await store.confirm(work, lead["id"], SALE, (*confirmed, deadline))
    if row is None:
        row = await store.insert(work, _values(lead, sale, asked, ("requested", None, warning)))
    if row is None:
        return _OPEN
    await tell(work, row, lead, "requested", request.actor)
    return row


def _values(lead: Record, sale: Record, asked: _Asked, stand: tuple[str, str | None, str | None]) -> tuple[Any, ...]:
    """`stand`: state, refusal and warning."""
    state, refused, warning = stand
    place = (lead["id"], sale["id"], sale["buyer_id"], lead["project_id"], lead["sponsor_id"])
    said = (state, asked.request.reason, asked.request.comment, refused, warning, asked.evidence)
    when = (asked.now, asked.request.actor, asked.now + asked.terms.answer_within)
    return (new_id("ret"), SALE, *place, *said, asked.terms.on_no_answer, *when)


async def _over(work: UnitOfWork, buyer_id: str, terms: Terms, now: datetime) -> bool:
    if terms.rate is None:
        return False
    since = now - terms.rate_window
    traffic = Traffic(await store.count_sold(work, buyer_id, since), await store.count_returned(work, buyer_id, since))
    return exceeds_rate(terms, traffic)
