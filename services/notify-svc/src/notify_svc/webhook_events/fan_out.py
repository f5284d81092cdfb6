"""Makes the deliveries of what happened: one per event and endpoint that listens and may hear of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from contracts.events.intake import LeadErasedV1
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from notify_svc.webhook_deliveries.queue_deliveries import NewDelivery, queue_deliveries
from notify_svc.webhook_events import store
from notify_svc.webhook_events.catalogue import Owner, hearers, matches, told_to
from notify_svc.webhook_events.store import Listener


async def fan_out(work: UnitOfWork, batch: Sequence[Received[Any]]) -> None:
    owners: set[tuple[Owner, str | None]] = set()
    for received in batch:
        owners.update((kind, owner_id) for _, kind, owner_id in hearers(received.event))
    listeners = await store.find_listeners(work, owners)
    if not listeners:
        return
    partners = {received.event.lead.partner_id for received in batch}
    with_comments = await store.partners_with_comments(work, list(partners))
    deliveries = [delivery for received in batch for delivery in _deliveries_of(received, listeners, with_comments)]
    await queue_deliveries(work, [each for each in deliveries if each.cause_type != LeadErasedV1.type])
    # Of an erased lead nothing more is told, but this: receivers have to forget it, too (GDPR, article 19).
    last_words = [each for each in deliveries if each.cause_type == LeadErasedV1.type]
    await queue_deliveries(work, last_words, although_erased=True)


def _deliveries_of(
    received: Received[Any], listeners: Mapping[tuple[Owner, str | None], list[Listener]], with_comments: set[str]
) -> Iterator[NewDelivery]:
    lead = received.event.lead
    for audience, owner_kind, owner_id in hearers(received.event):
        hearing = [
            listener
            for listener in listeners.get((owner_kind, owner_id), [])
            if any(matches(pattern, received.event.type) for pattern in listener.event_types)
        ]
        if not hearing:
            continue
        data = told_to(received.event, audience, with_comments=lead.partner_id in with_comments)
        if data is None:
            continue
        data["sequence"] = received.envelope.sequence
        for listener in hearing:
            yield NewDelivery(
                endpoint_id=listener.id,
                cause_id=received.envelope.id,
                cause_type=received.event.type,
                event_type=received.event.type,
                purpose="event",
                lead=lead,
                at=received.envelope.time,
                data=data,
                trace=received.envelope.trace,
            )
