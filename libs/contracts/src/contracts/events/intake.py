"""Events of lead-intake-svc."""

from typing import Any

from contracts.event import Event, event
from contracts.events.values import Account, Consent, LeadRef, Moment, Order, Person, Problem


class LeadEvent(Event, frozen=True, kw_only=True):
    """An event about one lead."""

    lead: LeadRef

    @property
    def subject(self) -> str:
        return self.lead.lead_id


class LeadContent(LeadEvent, frozen=True, kw_only=True):
    """A lead as intake knows it now: the whole content, not a difference."""

    external_id: str
    received_at: Moment
    location: str
    priority: str
    hold: bool
    person: Person
    after_validation: str = "queue"
    country: str | None = None
    account: Account | None = None
    order: Order | None = None
    consent: Consent | None = None
    comments: str | None = None
    contact_time: str | None = None
    custom: dict[str, Any] = {}
    problems: list[Problem] = []


@event("intake.lead.accepted.v1")
class LeadAcceptedV1(LeadContent, frozen=True, kw_only=True):
    """All checks passed. `location` is `pending` or `queue`, `priority` `normal`, `medium` or `high`."""


@event("intake.lead.updated.v1")
class LeadUpdatedV1(LeadContent, frozen=True, kw_only=True):
    """The same `external_id` was pushed again with other data; last version wins."""


@event("intake.lead.rejected.v1")
class LeadRejectedV1(LeadEvent, frozen=True, kw_only=True):
    """`reason` is the code of the check that refused, e.g. `duplicate`, `suppressed`, `phone-invalid`."""

    external_id: str
    received_at: Moment
    reason: str
    problems: list[Problem] = []


@event("intake.lead.quarantined.v1")
class LeadQuarantinedV1(LeadEvent, frozen=True, kw_only=True):
    external_id: str
    received_at: Moment
    reason: str
    problems: list[Problem] = []


@event("intake.lead.replaced.v1")
class LeadReplacedV1(LeadEvent, frozen=True, kw_only=True):
    """`lead` was returned, and its partner sent `replacement_id` in its stead."""

    replacement_id: str


@event("intake.return.accepted.v1")
class ReturnAcceptedV1(Event, frozen=True, kw_only=True):
    return_id: str
    lead: LeadRef

    @property
    def subject(self) -> str:
        return self.return_id


class PartnerContent(Event, frozen=True, kw_only=True):
    """A partner company as it is now."""

    partner_id: str
    name: str
    email: str | None = None
    active: bool = True
    sells_leads: bool = False
    buys_leads: bool = False
    priority: str = "normal"
    is_test: bool = False
    purchase_notification_emails: list[str] = []
    return_notification_emails: list[str] = []
    include_comments_with_return: bool = False
    auto_response_template_id: str | None = None

    @property
    def subject(self) -> str:
        return self.partner_id


@event("intake.partner.created.v1")
class PartnerCreatedV1(PartnerContent, frozen=True, kw_only=True):
    pass


@event("intake.partner.changed.v1")
class PartnerChangedV1(PartnerContent, frozen=True, kw_only=True):
    pass


class SuppressionContent(Event, frozen=True, kw_only=True):
    """`kind` is `phone`, `email` or `domain`, `value` normalised; `scope` is `global`, `sponsor` or `project`."""

    suppression_id: str
    kind: str
    value: str
    scope: str
    scope_id: str | None = None

    @property
    def subject(self) -> str:
        return self.suppression_id


@event("intake.suppression.added.v1")
class SuppressionAddedV1(SuppressionContent, frozen=True, kw_only=True):
    pass


@event("intake.suppression.removed.v1")
class SuppressionRemovedV1(SuppressionContent, frozen=True, kw_only=True):
    pass
