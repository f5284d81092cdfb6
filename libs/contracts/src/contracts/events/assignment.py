"""Events of assignment-svc: one work item per lead; `sequence` is the work item's version."""

from contracts.event import Event, event
from contracts.events.intake import LeadEvent
from contracts.events.values import Moment, Order


class WorkItemEvent(LeadEvent, frozen=True, kw_only=True):
    """`actor` is the user who did it, None for the system. `received_at` is when intake accepted the lead."""

    actor: str | None = None
    received_at: Moment


@event("assignment.lead.held.v1")
class LeadHeldV1(WorkItemEvent, frozen=True, kw_only=True):
    pass


@event("assignment.lead.pended.v1")
class LeadPendedV1(WorkItemEvent, frozen=True, kw_only=True):
    pass


@event("assignment.lead.queued.v1")
class LeadQueuedV1(WorkItemEvent, frozen=True, kw_only=True):
    pass


@event("assignment.lead.claimed.v1")
class LeadClaimedV1(WorkItemEvent, frozen=True, kw_only=True):
    agent_id: str


@event("assignment.lead.assigned.v1")
class LeadAssignedV1(WorkItemEvent, frozen=True, kw_only=True):
    """`via` is `manual`, `batch` or `rule`."""

    agent_id: str
    via: str


@event("assignment.lead.released.v1")
class LeadReleasedV1(WorkItemEvent, frozen=True, kw_only=True):
    """Put back: the attempt counted, callable again at `next_attempt_at`."""

    agent_id: str
    attempts: int
    next_attempt_at: Moment
    note: str | None = None


@event("assignment.lead.unassigned.v1")
class LeadUnassignedV1(WorkItemEvent, frozen=True, kw_only=True):
    """Back to `location`, no attempt counted."""

    agent_id: str
    location: str


@event("assignment.lead.reassigned.v1")
class LeadReassignedV1(WorkItemEvent, frozen=True, kw_only=True):
    agent_id: str
    previous_agent_id: str


@event("assignment.lead.converted.v1")
class LeadConvertedV1(WorkItemEvent, frozen=True, kw_only=True):
    agent_id: str
    order_id: str
    order: Order


@event("assignment.lead.resolved.v1")
class LeadResolvedV1(WorkItemEvent, frozen=True, kw_only=True):
    agent_id: str
    disposition_id: str
    disposition: str
    note: str | None = None


@event("assignment.lead.invalidated.v1")
class LeadInvalidatedV1(WorkItemEvent, frozen=True, kw_only=True):
    """By an agent, or because its validation case was rejected (then `agent_id` is None)."""

    reason: str
    agent_id: str | None = None


@event("assignment.lead.suppressed.v1")
class LeadSuppressedV1(WorkItemEvent, frozen=True, kw_only=True):
    suppression_id: str
    agent_id: str | None = None


@event("assignment.lead.expired.v1")
class LeadExpiredV1(WorkItemEvent, frozen=True, kw_only=True):
    """`reason` is `attempts`, `age` or `contact-list`."""

    reason: str


@event("assignment.lead.reopened.v1")
class LeadReopenedV1(WorkItemEvent, frozen=True, kw_only=True):
    reason: str


@event("assignment.attempt.logged.v1")
class AttemptLoggedV1(WorkItemEvent, frozen=True, kw_only=True):
    """A call. `number` counts from 1 over the lead's life, so 1 stops the speed-to-lead clock."""

    attempt_id: str
    agent_id: str
    outcome: str
    contacted: bool
    number: int
    started_at: Moment
    ended_at: Moment | None = None


@event("assignment.order.changed.v1")
class OrderChangedV1(WorkItemEvent, frozen=True, kw_only=True):
    order_id: str
    order: Order


@event("assignment.order.completed.v1")
class OrderCompletedV1(WorkItemEvent, frozen=True, kw_only=True):
    order_id: str
    order: Order


@event("assignment.campaign.changed.v1")
class CampaignChangedV1(Event, frozen=True, kw_only=True):
    """The agents ticked on a campaign, whole."""

    project_id: str
    agent_ids: list[str]
    actor: str | None = None

    @property
    def subject(self) -> str:
        return self.project_id
