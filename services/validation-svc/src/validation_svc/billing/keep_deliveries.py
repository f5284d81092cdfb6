"""Remembers when the client got a lead (V4.9)."""

from collections.abc import Sequence
from typing import Any

from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from validation_svc.billing import store

DELIVERY = "delivery"


async def keep_deliveries(work: UnitOfWork, batch: Sequence[Received[Any]]) -> None:
    """Webhooks that only tell of something deliver no lead."""
    leads = [
        (received.event.lead.lead_id, received.envelope.time)
        for received in batch
        if received.event.purpose == DELIVERY and received.event.lead is not None
    ]
    if leads:
        await store.keep_deliveries(work, [lead_id for lead_id, _ in leads], [moment for _, moment in leads])
