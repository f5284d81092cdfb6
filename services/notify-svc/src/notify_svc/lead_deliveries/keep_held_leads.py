"""Keeps the content of leads that wait for their validation, where the project delivers."""

from collections.abc import Sequence
from typing import Any

from contracts.events.intake import LeadContent
from contracts.events.validation import CaseConfirmedV1, CaseEvent, CaseRejectedV1, CaseReleasedV1
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from notify_svc.erasure.store import erased_among, hold_off_erasure
from notify_svc.lead_deliveries import store
from notify_svc.lead_deliveries.content import outward_lead
from notify_svc.lead_deliveries.deliver_confirmed import deliver_confirmed

_DELIVERS = {"deliver", "both"}
_VERDICTS = {CaseConfirmedV1.type: "confirmed", CaseReleasedV1.type: "released", CaseRejectedV1.type: "rejected"}


async def keep_held_leads(work: UnitOfWork, batch: Sequence[Received[Any]]) -> None:
    """Accepted or updated: the newest content of each."""
    newest = _newest([received for received in batch if received.event.hold])
    if not newest:
        return
    await hold_off_erasure(work)
    erased = await erased_among(work, list(newest))
    rows = [_content_row(received) for lead_id, received in newest.items() if lead_id not in erased]
    if rows:
        await deliver_confirmed(work, await store.keep_content(work, rows))


async def keep_verdicts(work: UnitOfWork, batch: Sequence[Received[Any]]) -> None:
    """Confirmed or released: the lead goes out. Rejected: its content stays a while, for it may be reopened."""
    newest = _newest(batch)
    await hold_off_erasure(work)
    erased = await erased_among(work, list(newest))
    rows = [_verdict_row(received) for lead_id, received in newest.items() if lead_id not in erased]
    if rows:
        await deliver_confirmed(work, await store.keep_verdicts(work, rows))


def _newest(batch: Sequence[Received[Any]]) -> dict[str, Received[Any]]:
    in_order = sorted(batch, key=lambda received: received.envelope.sequence)
    return {received.event.lead.lead_id: received for received in in_order}


def _content_row(received: Received[LeadContent]) -> dict[str, Any]:
    event = received.event
    return {
        "lead_id": event.lead.lead_id,
        "version": received.envelope.sequence,
        "lead": event.lead,
        "content": outward_lead(event),
        "delivers": event.after_validation in _DELIVERS,
    }


def _verdict_row(received: Received[CaseEvent]) -> dict[str, Any]:
    return {
        "lead_id": received.event.lead.lead_id,
        "verdict": _VERDICTS.get(received.event.type, "open"),
        "version": received.envelope.sequence,
        "cause_id": received.envelope.id,
        "cause_type": received.event.type,
        "trace": received.envelope.trace,
        "at": received.envelope.time,
    }
