"""Queues the webhooks that rules want of a batch of events (N5.7)."""

from collections.abc import Sequence
from typing import Any

from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from notify_svc.partners.store import read_feeders
from notify_svc.rules.matching import Occurrence, Rule
from notify_svc.rules.outward import audience_of, told_by_rule
from notify_svc.webhook_deliveries.queue_deliveries import NewDelivery, queue_deliveries
from notify_svc.webhook_events.fan_out import delivery_of, known_about
from notify_svc.webhook_events.store import find_named

Met = Sequence[tuple[Rule, Occurrence, Received[Any]]]


async def call_endpoints(work: UnitOfWork, met: Met) -> None:
    """One webhook per (event, endpoint), also where several rules name it or it listens anyway."""
    named = await find_named(work, {endpoint_id for rule, _, _ in met for endpoint_id in rule.endpoint_ids})
    if not named:
        return
    projects = sorted({o.project_id for _, o, _ in met if o.project_id is not None and o.partner_id is None})
    feeders = await read_feeders(work, projects) if projects else {}
    known = await known_about(work, [received for _, occurrence, received in met if occurrence.lead is not None])
    deliveries: list[NewDelivery] = []
    for rule, occurrence, received in met:
        lead_id = occurrence.lead.lead_id if occurrence.lead else ""
        for listener in (named[each] for each in rule.endpoint_ids if each in named):
            audience = audience_of(listener.owner_kind, listener.owner_id, occurrence, feeders)
            data = audience and told_by_rule(
                received.event,
                occurrence,
                audience,
                with_comments=occurrence.partner_id in known.with_comments,
                external_id=known.external_ids.get(lead_id),
            )
            if data:
                deliveries.append(delivery_of(received, listener, data))
    await queue_deliveries(work, deliveries)
