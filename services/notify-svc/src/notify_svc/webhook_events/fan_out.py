"""Makes the deliveries of what happened: one per event and endpoint that listens and may hear of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.events.intake import LeadAcceptedV1, LeadErasedV1, LeadQuarantinedV1, LeadUpdatedV1
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from notify_svc.erasure.store import hold_off_erasure
from notify_svc.partners.store import partners_with_comments
from notify_svc.webhook_deliveries.queue_deliveries import NewDelivery, queue_deliveries
from notify_svc.webhook_events import store
from notify_svc.webhook_events.catalogue import Owner, hearers, matches, told_to
from notify_svc.webhook_events.store import Listener

_NAMING = (LeadAcceptedV1, LeadUpdatedV1, LeadQuarantinedV1)


@dataclass(frozen=True, slots=True)
class Known:
    """Of partners and leads: who hears comments, and what the partner calls its lead."""

    with_comments: set[str]
    external_ids: Mapping[str, str]


async def fan_out(work: UnitOfWork, batch: Sequence[Received[Any]]) -> None:
    names = [
        (received.event.lead, received.event.external_id) for received in batch if isinstance(received.event, _NAMING)
    ]
    if names:
        await hold_off_erasure(work)
        await store.keep_external_ids(work, names)
    owners: set[tuple[Owner, str | None]] = set()
    for received in batch:
        owners.update((kind, owner_id) for _, kind, owner_id in hearers(received.event))
    listeners = await store.find_listeners(work, owners)
    if not listeners:
        return
    known = await known_about(work, batch)
    deliveries = [delivery for received in batch for delivery in _deliveries_of(received, listeners, known)]
    await queue_deliveries(work, [each for each in deliveries if each.cause_type != LeadErasedV1.type])
    # Of an erased lead nothing more is told, but this: receivers have to forget it, too (GDPR, article 19).
    last_words = [each for each in deliveries if each.cause_type == LeadErasedV1.type]
    await queue_deliveries(work, last_words, although_erased=True)


async def known_about(work: UnitOfWork, batch: Sequence[Received[Any]]) -> Known:
    leads = [received.event.lead for received in batch]
    with_comments = await partners_with_comments(work, sorted({lead.partner_id for lead in leads}))
    return Known(with_comments, await store.read_external_ids(work, leads))


def delivery_of(received: Received[Any], listener: Listener, data: dict[str, Any]) -> NewDelivery:
    """The same of an event and an endpoint, whatever brought them together: the ledger takes one."""
    return NewDelivery(
        endpoint_id=listener.id,
        cause_id=received.envelope.id,
        cause_type=received.event.type,
        event_type=received.event.type,
        purpose="event",
        lead=getattr(received.event, "lead", None),
        at=received.envelope.time,
        data=data | {"sequence": received.envelope.sequence},
        trace=received.envelope.trace,
    )


def _deliveries_of(
    received: Received[Any], listeners: Mapping[tuple[Owner, str | None], list[Listener]], known: Known
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
        data = told_to(
            received.event,
            audience,
            with_comments=lead.partner_id in known.with_comments,
            external_id=known.external_ids.get(lead.lead_id),
        )
        if data is not None:
            yield from (delivery_of(received, listener, data) for listener in hearing)
