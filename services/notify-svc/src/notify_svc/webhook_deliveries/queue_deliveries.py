"""Puts deliveries into the ledger; the sender finds them there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from contracts.envelope import Trace
from contracts.events.values import LeadRef
from contracts.ids import new_id
from messaging.unit_of_work import UnitOfWork

from notify_svc.erasure.store import erased_among, hold_off_erasure
from notify_svc.webhook_deliveries import store


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """`data` goes out as `{type, timestamp, data}`; `bare`, as it is."""

    endpoint_id: str
    cause_id: UUID
    cause_type: str
    event_type: str
    purpose: Literal["event", "delivery", "test"]
    lead: LeadRef | None
    at: datetime
    data: dict[str, Any]
    trace: Trace
    bare: bool = False


async def queue_deliveries(
    work: UnitOfWork, deliveries: Sequence[NewDelivery], *, although_erased: bool = False
) -> None:
    """One per (event, endpoint, purpose) ever, and unless `although_erased` none of erased leads.

    For an endpoint that is disabled the ledger says `cancelled`: `recover` sends it later.
    """
    if not deliveries:
        return
    await hold_off_erasure(work)
    about = {delivery.lead.lead_id for delivery in deliveries if delivery.lead is not None}
    erased = set[str]() if although_erased else await erased_among(work, list(about))
    rows = [_row(d) for d in deliveries if d.lead is None or d.lead.lead_id not in erased]
    if rows:
        await store.insert_deliveries(work, rows)


def _row(delivery: NewDelivery) -> dict[str, Any]:
    document = {"type": delivery.event_type, "timestamp": delivery.at.astimezone(UTC), "data": delivery.data}
    return {
        "id": new_id("whd"),
        "endpoint_id": delivery.endpoint_id,
        "cause_id": delivery.cause_id,
        "cause_type": delivery.cause_type,
        "event_type": delivery.event_type,
        "purpose": delivery.purpose,
        "lead_id": delivery.lead.lead_id if delivery.lead is not None else None,
        "lead": delivery.lead,
        "trace": delivery.trace,
        "body": msgspec.json.encode(delivery.data if delivery.bare else document).decode(),
    }
