"""What others say that touches sales (I2.24)."""

from contracts.events.assignment import LeadConvertedV1
from contracts.events.intake import AlarmRaisedV1
from contracts.events.notify import ReturnReceivedV1
from contracts.events.validation import CaseConfirmedV1, CaseReleasedV1
from lead_intake_svc.reference.facts import SaleRule
from lead_intake_svc.returns.return_sale import hear_return
from lead_intake_svc.sales import store
from lead_intake_svc.sales.sell_lead import sell_by_rule
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork


async def sell_validated(work: UnitOfWork, received: Received[CaseConfirmedV1 | CaseReleasedV1]) -> None:
    """A lead that was held is for sale once it is confirmed, or let go."""
    lead = received.event.lead
    rules = [SaleRule(**row) for row in await store.rules_for(work, lead.project_id, lead.partner_id)]
    if rules:
        await sell_by_rule(work, lead.lead_id, rules, validated=True)


async def receive_return(work: UnitOfWork, received: Received[ReturnReceivedV1]) -> None:
    await hear_return(work, received.event)


async def warn_of_conversion(work: UnitOfWork, received: Received[LeadConvertedV1]) -> None:
    """An agent was faster than the news of the sale: two have the same customer, and a person has to sort it out."""
    lead = received.event.lead
    sale = await store.live_sale(work, lead.lead_id)
    if sale is not None:
        alarm = AlarmRaisedV1(
            alarm="sold-lead-converted",
            key=sale["id"],
            detail="A lead was converted while it was being sold to a partner.",
            project_id=lead.project_id,
            lead_id=lead.lead_id,
        )
        work.publish(alarm, sequence=1)
