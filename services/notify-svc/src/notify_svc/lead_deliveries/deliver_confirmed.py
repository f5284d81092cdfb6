"""Delivers confirmed and released leads to their project's and sponsor's endpoints."""

from collections.abc import Iterator, Sequence

from contracts.events.notify import AlarmRaisedV1
from messaging.unit_of_work import UnitOfWork

from notify_svc.lead_deliveries import store
from notify_svc.lead_deliveries.store import HeldLead, Receiver
from notify_svc.webhook_deliveries.queue_deliveries import NewDelivery, queue_deliveries

DELIVERED_LEAD = "lead.delivered.v1"


async def deliver_confirmed(work: UnitOfWork, leads: Sequence[HeldLead]) -> int:
    """How many have a receiver. The others keep their content: `recover` of an endpoint made later sends them."""
    if not leads:
        return 0
    projects = list({held.lead.project_id for held in leads})
    sponsors = list({held.lead.sponsor_id for held in leads if held.lead.sponsor_id})
    receivers = await store.find_receivers(work, projects=projects, sponsors=sponsors)
    deliveries = [delivery for held in leads for delivery in _deliveries_of(held, receivers)]
    await queue_deliveries(work, deliveries)
    received = {delivery.lead.lead_id for delivery in deliveries if delivery.lead is not None}
    await store.set_delivered(work, list(received))
    for held in leads:
        if held.lead_id not in received:
            _raise_alarm(work, held)
    return len(received)


def _deliveries_of(held: HeldLead, receivers: Sequence[Receiver]) -> Iterator[NewDelivery]:
    owners = {("project", held.lead.project_id), ("sponsor", held.lead.sponsor_id)}
    for receiver in receivers:
        if (receiver.owner_kind, receiver.owner_id) in owners:
            yield NewDelivery(
                endpoint_id=receiver.id,
                cause_id=held.cause_id,
                cause_type=held.cause_type,
                event_type=DELIVERED_LEAD,
                purpose="delivery",
                lead=held.lead,
                at=held.decided_at,
                data=held.content,
                trace=held.trace,
            )


def _raise_alarm(work: UnitOfWork, held: HeldLead) -> None:
    alarm = AlarmRaisedV1(
        alarm="delivery-without-endpoint",
        key=held.lead.project_id,
        detail="The project delivers its leads, but neither it nor its sponsor has an endpoint that receives them.",
        project_id=held.lead.project_id,
        lead_id=held.lead_id,
    )
    work.publish(alarm, sequence=held.verdict_version, trace=held.trace)
