"""Events of assignment-svc: one work item per lead; `sequence` is the work item's version."""

from typing import Any

from contracts.event import Event, event
from contracts.events.audit import AuditEntry
from contracts.events.bases import AlarmContent, ErasureReceipt, LeadEvent
from contracts.events.values import Account, Moment, Order, Person


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


@event("assignment.lead.withdrawn.v1")
class LeadWithdrawnV1(WorkItemEvent, frozen=True, kw_only=True):
    """Nobody works the lead any more. `reason` is `return-requested`, `returned`, `sold` or `erased`.

    `agent_id` is who had it; `cause_id` is the return, the sale or the erasure.
    """

    reason: str
    cause_id: str
    agent_id: str | None = None


@event("assignment.lead.restored.v1")
class LeadRestoredV1(WorkItemEvent, frozen=True, kw_only=True):
    """The return was declined: the lead is back in `state`, with `agent_id` if somebody had it."""

    state: str
    cause_id: str
    agent_id: str | None = None


class CallbackEvent(WorkItemEvent, frozen=True, kw_only=True):
    """`at` is when to call; `private`: only `agent_id` may; `time_zone` is the one that the time was meant in."""

    callback_id: str
    agent_id: str
    at: Moment
    private: bool
    time_zone: str | None = None
    note: str | None = None


@event("assignment.callback.scheduled.v1")
class CallbackScheduledV1(CallbackEvent, frozen=True, kw_only=True):
    pass


@event("assignment.callback.due.v1")
class CallbackDueV1(CallbackEvent, frozen=True, kw_only=True):
    pass


class OfferEvent(WorkItemEvent, frozen=True, kw_only=True):
    """Written confirmation (A3.14)."""

    offer_id: str
    agent_id: str
    lapses_at: Moment


@event("assignment.offer.sent.v1")
class OfferSentV1(OfferEvent, frozen=True, kw_only=True):
    pass


@event("assignment.offer.accepted.v1")
class OfferAcceptedV1(OfferEvent, frozen=True, kw_only=True):
    """`lead.converted` follows."""


@event("assignment.offer.lapsed.v1")
class OfferLapsedV1(OfferEvent, frozen=True, kw_only=True):
    """The lead is resolved; `lead.resolved` follows."""


@event("assignment.message.requested.v1")
class MessageRequestedV1(WorkItemEvent, frozen=True, kw_only=True):
    """An agent sends an activated e-mail template to the lead (A3.3); notify-svc does it, once per `message_id`."""

    message_id: str
    template_id: str
    agent_id: str
    recipient: str
    variables: dict[str, Any] = {}


@event("assignment.opportunity.created.v1")
class OpportunityCreatedV1(WorkItemEvent, frozen=True, kw_only=True):
    """An opportunity tool was used (A3.8). `account` and `contact` are linked by the server, always."""

    opportunity_id: str
    tool_id: str
    tool: str
    module: str
    agent_id: str
    contact: Person
    account: Account | None = None
    fields: dict[str, Any] = {}


@event("assignment.survey.answered.v1")
class SurveyAnsweredV1(WorkItemEvent, frozen=True, kw_only=True):
    """`answers` by the key of the question, of that version of the template (A3.4)."""

    answer_id: str
    template_id: str
    template_version: int
    agent_id: str
    answers: dict[str, Any] = {}


@event("assignment.alarm.raised.v1")
class AlarmRaisedV1(AlarmContent, frozen=True, kw_only=True):
    pass


@event("assignment.erasure.completed.v1")
class ErasureCompletedV1(ErasureReceipt, frozen=True, kw_only=True):
    pass


@event("assignment.lead.edited.v1")
class LeadEditedV1(WorkItemEvent, frozen=True, kw_only=True):
    """An agent corrected what is known of the lead (A3.5). `fields` are the new values by the names of the fields."""

    fields: dict[str, Any] = {}


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
    """The agents ticked on a campaign, and the templates activated for it, whole."""

    project_id: str
    agent_ids: list[str]
    actor: str | None = None
    email_template_ids: list[str] = []
    survey_template_ids: list[str] = []

    @property
    def subject(self) -> str:
        return self.project_id


@event("assignment.audit.recorded.v1")
class AuditRecordedV1(AuditEntry, frozen=True, kw_only=True):
    pass
