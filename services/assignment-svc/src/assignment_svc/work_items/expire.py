"""The end of leads that nobody took in time."""

from contracts.events.assignment import LeadExpiredV1

from assignment_svc.work_items.change import Change, after, lead_ref
from assignment_svc.work_items.item import EXPIRED, WorkItem


def expire(item: WorkItem, reason: str) -> Change:
    """`reason` is `attempts`, `age` or `contact-list`."""
    event = LeadExpiredV1(lead=lead_ref(item), received_at=item.received_at, reason=reason)
    return Change(
        item=item, after=after(item, EXPIRED, reason=reason), event=event, actor=None, data={"reason": reason}
    )
