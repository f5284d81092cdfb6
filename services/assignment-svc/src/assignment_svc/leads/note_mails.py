"""Notes in a customer's history what became of e-mails about them (A1.13). To whom they went stays with notify-svc."""

from collections.abc import Sequence
from typing import Any

from contracts.events.notify import EmailEvent
from contracts.events.values import LeadRef
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from assignment_svc.work_items.store import note_of_leads


async def receive_mails(work: UnitOfWork, batch: Sequence[Received[EmailEvent]]) -> None:
    """A mail about no lead, or about one that is not here, is nobody's history."""
    notes = [_note(received.event, received.event.lead) for received in batch if received.event.lead is not None]
    if notes:
        await note_of_leads(work, notes)


def _note(event: EmailEvent, lead: LeadRef) -> tuple[str, str, dict[str, Any]]:
    happened = event.type.split(".")[2]
    reason = getattr(event, "reason", None)
    data = {"email_id": event.email_id, "template": event.template, **({"reason": reason} if reason else {})}
    return lead.lead_id, f"email_{happened}", data
