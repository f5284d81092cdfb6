"""Events of lead-intake-svc."""

from typing import Any

from contracts.event import Event, event
from contracts.events.audit import AuditEntry
from contracts.events.bases import AlarmContent, LeadEvent
from contracts.events.values import (
    Account,
    CallingHours,
    Consent,
    LeadRef,
    MaskedIdentity,
    Moment,
    Money,
    Order,
    Person,
    Problem,
    Value,
)


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
    billable: bool = True
    replacement_for: str | None = None


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


@event("intake.lead.moved.v1")
class LeadMovedV1(LeadEvent, frozen=True, kw_only=True):
    """A lead that is not accepted has another contact list now, and is still what it was."""


@event("intake.lead.replaced.v1")
class LeadReplacedV1(LeadEvent, frozen=True, kw_only=True):
    """`lead` was returned, and its partner sent `replacement_id` in its stead."""

    replacement_id: str


@event("intake.replacement.undone.v1")
class ReplacementUndoneV1(LeadEvent, frozen=True, kw_only=True):
    """`replacement_id` did not come in the stead of `lead` after all; it is billed as any other."""

    replacement_id: str


@event("intake.lead.sold.v1")
class LeadSoldV1(LeadContent, frozen=True, kw_only=True):
    """Given to the buying partner `buyer_id`, with everything that the buyer receives. Nobody works it any more."""

    buyer_id: str
    sale_id: str
    sold_at: Moment


@event("intake.lead.erased.v1")
class LeadErasedV1(LeadEvent, frozen=True, kw_only=True):
    """Every service has given its receipt for `erasure_id`."""

    erasure_id: str


@event("intake.consent.revoked.v1")
class ConsentRevokedV1(LeadEvent, frozen=True, kw_only=True):
    """Work stops at once."""

    revoked_at: Moment
    actor: str | None = None


class ReturnContent(Event, frozen=True, kw_only=True):
    """A lead on its way back to the partner who sold it; `sequence` is the return's version.

    `comment` is the call centre's and internal unless the partner's `include_comments_with_return` is on; `answer` is
    the partner's. `evidence` has attempts, dispositions, consent, duplicate, and in `notes` what validators and agents
    wrote: as internal as `comment`. `answer_by`: when it lapses.
    """

    return_id: str
    lead: LeadRef
    reason: str
    requested_at: Moment
    answer_by: Moment
    comment: str | None = None
    answer: str | None = None
    actor: str | None = None
    external_id: str | None = None
    evidence: dict[str, Any] = {}

    @property
    def subject(self) -> str:
        return self.return_id


@event("intake.return.requested.v1")
class ReturnRequestedV1(ReturnContent, frozen=True, kw_only=True):
    """Work on the lead stops at once."""


@event("intake.return.accepted.v1")
class ReturnAcceptedV1(ReturnContent, frozen=True, kw_only=True):
    """By the partner, by a decision about a dispute, or because nobody answered in time (after `lapsed`)."""


@event("intake.return.declined.v1")
class ReturnDeclinedV1(ReturnContent, frozen=True, kw_only=True):
    """Final unless it is disputed: work on the lead goes on."""


@event("intake.return.disputed.v1")
class ReturnDisputedV1(ReturnContent, frozen=True, kw_only=True):
    """The call centre does not take the decline for an answer: work on the lead stops again."""


@event("intake.return.lapsed.v1")
class ReturnLapsedV1(ReturnContent, frozen=True, kw_only=True):
    """No answer until `answer_by`. `outcome` is `accepted` (another event follows) or `escalated`."""

    outcome: str


class SaleReturnContent(ReturnContent, frozen=True, kw_only=True):
    """A sold lead on its way back from `buyer_id` (I2.24): the same machine with the roles swapped, we answer.

    `comment` is the buyer's, `answer` is ours.
    """

    buyer_id: str
    sale_id: str


@event("intake.sale_return.requested.v1")
class SaleReturnRequestedV1(SaleReturnContent, frozen=True, kw_only=True):
    pass


@event("intake.sale_return.accepted.v1")
class SaleReturnAcceptedV1(SaleReturnContent, frozen=True, kw_only=True):
    """The lead is no longer sold: it is worked again, may be sold again, or returned to who sold it to us."""


@event("intake.sale_return.declined.v1")
class SaleReturnDeclinedV1(SaleReturnContent, frozen=True, kw_only=True):
    """The lead stays sold. Final unless the buyer disputes it."""


@event("intake.sale_return.disputed.v1")
class SaleReturnDisputedV1(SaleReturnContent, frozen=True, kw_only=True):
    pass


@event("intake.sale_return.lapsed.v1")
class SaleReturnLapsedV1(SaleReturnContent, frozen=True, kw_only=True):
    """As `intake.return.lapsed.v1`."""

    outcome: str


@event("intake.credit.entered.v1")
class CreditEnteredV1(LeadEvent, frozen=True, kw_only=True):
    """An accepted return is worth `amount`, None where no price is known.

    `direction` is `from_partner` when `partner_id` sold the lead to us, `to_partner` when it bought it from us.
    """

    credit_id: str
    return_id: str
    partner_id: str
    direction: str
    entered_at: Moment
    amount: Money | None = None

    @property
    def subject(self) -> str:
        return self.credit_id


class ImportContent(Event, frozen=True, kw_only=True):
    """A file of leads. `rows` counts all rows but the header, once they are known."""

    import_id: str
    partner_id: str
    project_id: str
    rows: int | None = None
    actor: str | None = None

    @property
    def subject(self) -> str:
        return self.import_id


@event("intake.import.started.v1")
class ImportStartedV1(ImportContent, frozen=True, kw_only=True):
    pass


@event("intake.import.completed.v1")
class ImportCompletedV1(ImportContent, frozen=True, kw_only=True):
    """`results` counts rows by what became of them: `accepted`, `rejected`, `quarantined`, `existing`, `invalid`."""

    results: dict[str, int] = {}


@event("intake.erasure.requested.v1")
class ErasureRequestedV1(Event, frozen=True, kw_only=True):
    """Every service forgets all that is personal about the leads, and answers with its own `erasure.completed`.

    `person` is for those who hold people that are no leads yet.
    """

    erasure_id: str
    lead_ids: list[str]
    person: list[MaskedIdentity] = []

    @property
    def subject(self) -> str:
        return self.erasure_id


@event("intake.alarm.raised.v1")
class AlarmRaisedV1(AlarmContent, frozen=True, kw_only=True):
    pass


class PartnerContent(Event, frozen=True, kw_only=True):
    """A partner company as it is now.

    `purchase_notification_mode` is `immediate`, `hourly` or `daily`. `calling_hours` narrow those of the project for
    the partner's leads.
    """

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
    purchase_notification_mode: str = "immediate"
    sold_lead_emails: list[str] = []
    calling_hours: CallingHours | None = None

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


class SuppressionEntry(Value, frozen=True, kw_only=True):
    """As `SuppressionContent`."""

    suppression_id: str
    kind: str
    value: str
    scope: str
    scope_id: str | None


class SuppressionsContent(Event, frozen=True, kw_only=True):
    """Up to 500 entries of a suppression list. `sequence` is that of each entry: 1 when added, 2 when removed."""

    list_id: str
    entries: list[SuppressionEntry]

    @property
    def subject(self) -> str:
        return self.list_id


@event("intake.suppressions.added.v1")
class SuppressionsAddedV1(SuppressionsContent, frozen=True, kw_only=True):
    pass


@event("intake.suppressions.removed.v1")
class SuppressionsRemovedV1(SuppressionsContent, frozen=True, kw_only=True):
    pass


@event("intake.suppression_list.changed.v1")
class SuppressionListChangedV1(Event, frozen=True, kw_only=True):
    """A suppression list as it is now, without its entries; `sequence` is its version.

    `fresh_until`: when a national list becomes too old to rely on; None for one that is not national, or was removed.
    """

    list_id: str
    scope: str
    scope_id: str | None = None
    fresh_until: Moment | None = None
    removed: bool = False

    @property
    def subject(self) -> str:
        return self.list_id


@event("intake.audit.recorded.v1")
class AuditRecordedV1(AuditEntry, frozen=True, kw_only=True):
    pass
