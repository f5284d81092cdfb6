"""Returns that validation proposes (V4.10): asked for at once, or put before a supervisor."""

from datetime import UTC, datetime

from contracts.events.assignment import LeadConvertedV1
from contracts.events.validation import ReturnProposedV1
from contracts.ids import new_id
from lead_intake_svc.returns import store
from lead_intake_svc.returns.answer_return import decline
from lead_intake_svc.returns.request_return import Request, request_returns
from lead_intake_svc.returns.rules import PURCHASE, Refusal
from lead_intake_svc.returns.terms import terms_of
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork


async def hear_proposal(work: UnitOfWork, received: Received[ReturnProposedV1]) -> None:
    """What may not be requested automatically waits as a proposal that says why."""
    event = received.event
    why: str | None = None
    if event.mode == "automatic":
        (result,) = await request_returns(work, [event.lead.lead_id], Request(event.reason, event.note, None))
        if not isinstance(result, Refusal):
            return
        why = result.code
    await _propose(work, event, why)


async def _propose(work: UnitOfWork, event: ReturnProposedV1, why: str | None) -> None:
    """Nothing happens where a return is open, or accepted, already."""
    partner = (await store.lock_partners(work, [event.lead.lead_id])).get(event.lead.partner_id)
    lead = (await store.lock_leads(work, [event.lead.lead_id])).get(event.lead.lead_id)
    if partner is None or lead is None or lead["own_state"] in {"returned", "sold", "erased"}:
        return
    now, terms = datetime.now(UTC), terms_of(partner, PURCHASE)
    place = (lead["id"], None, lead["partner_id"], lead["project_id"], lead["sponsor_id"])
    said = ("proposed", event.reason, event.note, why, None, {}, terms.on_no_answer)
    await store.insert(work, (new_id("ret"), PURCHASE, *place, *said, now, event.decided_by, now + terms.answer_within))


async def end_by_conversion(work: UnitOfWork, received: Received[LeadConvertedV1]) -> None:
    """A sale that was made while the request was on its way stands: the return is over."""
    row = await store.open_of_lead(work, received.event.lead.lead_id)
    if row is not None:
        await decline(work, row, "The lead was converted before work on it could be stopped.", None)
