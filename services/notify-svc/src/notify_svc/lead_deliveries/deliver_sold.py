"""Sends sold leads to the partner that bought them: webhook, its own Leadwire, e-mail, or all of them."""

from collections.abc import Iterator

from contracts.events.intake import LeadSoldV1
from contracts.events.notify import AlarmRaisedV1
from messaging.errors import NotYet
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from notify_svc.emails.queue_emails import NewEmail, queue_emails
from notify_svc.erasure.store import erased_among, hold_off_erasure
from notify_svc.lead_deliveries import store
from notify_svc.lead_deliveries.content import mail_facts, pushed_lead, sold_lead
from notify_svc.lead_deliveries.store import Receiver
from notify_svc.partners.store import PartnerRow, read_partners
from notify_svc.webhook_deliveries.queue_deliveries import NewDelivery, queue_deliveries

SOLD_LEAD = "lead.sold.v1"
TEMPLATE = "lead-sold"


async def deliver_sold(work: UnitOfWork, received: Received[LeadSoldV1]) -> None:
    """Raises NotYet while the buyer is unknown here. A sale that reaches nobody raises an alarm."""
    sold = received.event
    await hold_off_erasure(work)
    if await erased_among(work, [sold.lead.lead_id]):
        return
    buyer = (await read_partners(work, [sold.buyer_id])).get(sold.buyer_id)
    if buyer is None:
        raise NotYet
    receivers = await store.find_receivers(work, partners=[sold.buyer_id])
    await queue_deliveries(work, [_delivery(received, receiver) for receiver in receivers])
    await queue_emails(work, list(_mails(received, buyer)))
    if not receivers and not buyer.sold_emails:
        _raise_alarm(work, received)


def _delivery(received: Received[LeadSoldV1], receiver: Receiver) -> NewDelivery:
    sold, target = received.event, receiver.target_project_id  # only a Leadwire has one
    return NewDelivery(
        endpoint_id=receiver.id,
        cause_id=received.envelope.id,
        cause_type=sold.type,
        event_type=SOLD_LEAD,
        purpose="delivery",
        lead=sold.lead,
        at=received.envelope.time,
        data=sold_lead(sold) if target is None else pushed_lead(sold, target),
        trace=received.envelope.trace,
        bare=target is not None,
    )


def _mails(received: Received[LeadSoldV1], buyer: PartnerRow) -> Iterator[NewEmail]:
    for recipient in buyer.sold_emails:
        yield NewEmail(
            cause_id=received.envelope.id,
            template=TEMPLATE,
            recipient=recipient,
            lead=received.event.lead,
            variables={"lead": mail_facts(received.event), "partner": {"name": buyer.name}},
            trace=received.envelope.trace,
        )


def _raise_alarm(work: UnitOfWork, received: Received[LeadSoldV1]) -> None:
    sold = received.event
    alarm = AlarmRaisedV1(
        alarm="sale-without-receiver",
        key=sold.sale_id,
        detail="A lead was sold to a partner that has neither an endpoint nor an address for sold leads.",
        project_id=sold.lead.project_id,
        lead_id=sold.lead.lead_id,
    )
    work.publish(alarm, sequence=received.envelope.sequence)
