"""A claim ends and the lead goes back to where it came from; no attempt is counted."""

from contracts.events.assignment import LeadUnassignedV1

from assignment_svc.work_items.change import Change, after, lead_ref
from assignment_svc.work_items.item import WorkItem, waiting_state


def give_back(item: WorkItem, actor: str | None, *, why: str, location: str | None = None) -> Change:
    """`location`: somewhere else than where it came from. It may be called again at once."""
    place = location or item.location
    event = LeadUnassignedV1(
        lead=lead_ref(item),
        actor=actor,
        received_at=item.received_at,
        agent_id=item.agent_id or "",
        location=place,
    )
    new = after(item, waiting_state(place), location=place)
    return Change(item=item, after=new, event=event, actor=actor, data={"why": why, "location": place})
