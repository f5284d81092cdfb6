"""Notes in a customer's history what became of e-mails about them (A1.13). To whom they went stays with notify-svc."""

from contracts.events.notify import EmailEvent
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from assignment_svc.work_items.store import note_of_lead


async def receive_mail(work: UnitOfWork, received: Received[EmailEvent]) -> None:
    """A mail about no lead, or about one that is not here, is nobody's history."""
    event = received.event
    if event.lead is None:
        return
    happened = event.type.split(".")[2]
    reason = getattr(event, "reason", None)
    data = {"email_id": event.email_id, "template": event.template, **({"reason": reason} if reason else {})}
    await note_of_lead(work, event.lead.lead_id, f"email_{happened}", data)
