"""Verdicts of the call centre on held leads. A verdict that is early waits for its lead."""

from collections.abc import Sequence
from typing import Final

from contracts.events.assignment import LeadInvalidatedV1, LeadPendedV1, LeadQueuedV1
from contracts.events.validation import CaseEvent, CaseRejectedV1
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from assignment_svc.leads import store
from assignment_svc.leads.store import Verdict
from assignment_svc.work_items.change import Change, after, lead_ref
from assignment_svc.work_items.hold import hold
from assignment_svc.work_items.item import (
    HELD,
    INVALID,
    QUEUED,
    WorkItem,
    location_after_validation,
    waiting_state,
)
from assignment_svc.work_items.store import find_items
from assignment_svc.work_items.transition import transition

REJECTED: Final = "validation-rejected"


async def receive_verdicts(work: UnitOfWork, batch: Sequence[Received[CaseEvent]]) -> None:
    """Handles confirmed, released (as if it were) and rejected alike; the last version of a case wins."""
    ordered = sorted(batch, key=lambda received: received.envelope.sequence)
    rows = {
        received.event.lead.lead_id: {
            "lead_id": received.event.lead.lead_id,
            "verdict": "rejected" if isinstance(received.event, CaseRejectedV1) else "confirmed",
            "version": received.envelope.sequence,
            "decided_by": received.event.decided_by,
            "note": received.event.note,
        }
        for received in ordered
        if not received.event.lead.test
    }
    if rows:
        await hold(work, rows)
        await apply_verdicts(work, await store.store_verdicts(work, list(rows.values())))


async def apply_verdicts(work: UnitOfWork, verdicts: Sequence[Verdict]) -> None:
    if not verdicts:
        return
    items = await find_items(work, [verdict.lead_id for verdict in verdicts])
    changes = [_decide(items[verdict.lead_id], verdict) for verdict in verdicts]
    await transition(work, [change for change in changes if change is not None])


def _decide(item: WorkItem, verdict: Verdict) -> Change | None:
    """A case that was rejected, reopened and confirmed brings its lead back."""
    awaited = item.state == HELD or (item.state == INVALID and item.reason == REJECTED)
    if not awaited:
        return None
    actor = verdict.decided_by
    if verdict.verdict == "confirmed":
        location = location_after_validation(item.after_validation, item.location)
        state = waiting_state(location)
        event_class = LeadQueuedV1 if state == QUEUED else LeadPendedV1
        event = event_class(lead=lead_ref(item), actor=actor, received_at=item.received_at)
        new = after(item, state, location=location, validated=True)
        return Change(item=item, after=new, event=event, actor=actor, data={"confirmed": True})
    if item.state == INVALID:
        return None
    event = LeadInvalidatedV1(lead=lead_ref(item), actor=actor, received_at=item.received_at, reason=REJECTED)
    new = after(item, INVALID, reason=REJECTED)
    data = {"reason": REJECTED, "note": verdict.note}
    return Change(item=item, after=new, event=event, actor=actor, data=data)
