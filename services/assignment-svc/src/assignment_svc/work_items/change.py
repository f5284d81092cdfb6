"""A transition that was decided and not yet made: from which version of the item, to what, told by which event."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from contracts.envelope import Trace
from contracts.events.assignment import WorkItemEvent
from contracts.events.values import LeadRef

from assignment_svc.work_items.item import WorkItem


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """What the item is after the transition; everything else of it stays.

    `claimed_at` is only given when a claim goes on that began then.
    """

    state: str
    location: str
    agent_id: str | None
    attempts: int
    calls: int
    next_attempt_at: datetime | None
    reason: str | None
    disposition_id: str | None
    validated: bool
    claimed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`token`: the lock that must still be live. `keeps_lock`: the transition leaves locks alone."""

    item: WorkItem
    after: After
    event: WorkItemEvent
    actor: str | None
    data: Mapping[str, Any] = field(default_factory=dict)
    token: int | None = None
    keeps_lock: bool = False
    trace: Trace | None = None


def after(item: WorkItem, state: str, **differences: Any) -> After:
    """The item in another state. Who has it, why it ended and when it may be called are said anew each time."""
    same = After(
        state=state,
        location=item.location,
        agent_id=None,
        attempts=item.attempts,
        calls=item.calls,
        next_attempt_at=None,
        reason=None,
        disposition_id=None,
        validated=item.validated,
    )
    return replace(same, **differences)


def lead_ref(item: WorkItem) -> LeadRef:
    return LeadRef(
        lead_id=item.lead_id,
        partner_id=item.partner_id,
        project_id=item.project_id,
        sponsor_id=item.sponsor_id,
        contact_list_id=item.contact_list_id,
    )
