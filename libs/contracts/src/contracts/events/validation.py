"""Events of validation-svc: one case per held lead."""

from contracts.event import event
from contracts.events.audit import AuditEntry
from contracts.events.bases import AlarmContent, ErasureReceipt, LeadEvent


class CaseEvent(LeadEvent, frozen=True, kw_only=True):
    """`attempts` counts the calls made so far; `decided_by` is a user id; `note` is the one given with this step."""

    attempts: int = 0
    decided_by: str | None = None
    note: str | None = None


@event("validation.case.opened.v1")
class CaseOpenedV1(CaseEvent, frozen=True, kw_only=True):
    pass


@event("validation.case.attempted.v1")
class CaseAttemptedV1(CaseEvent, frozen=True, kw_only=True):
    pass


@event("validation.case.exhausted.v1")
class CaseExhaustedV1(CaseEvent, frozen=True, kw_only=True):
    pass


@event("validation.case.confirmed.v1")
class CaseConfirmedV1(CaseEvent, frozen=True, kw_only=True):
    """Second check valid, final: the lead goes where `after_validation` says."""


@event("validation.case.rejected.v1")
class CaseRejectedV1(CaseEvent, frozen=True, kw_only=True):
    """Second check invalid."""


@event("validation.case.reopened.v1")
class CaseReopenedV1(CaseEvent, frozen=True, kw_only=True):
    pass


@event("validation.case.released.v1")
class CaseReleasedV1(CaseEvent, frozen=True, kw_only=True):
    """Validation was turned off and held leads were to be released: the lead goes on as if it had been confirmed."""


class BillableEvent(LeadEvent, frozen=True, kw_only=True):
    """V4.9: after delivery only this flips, with a reason; the contact status stays."""

    reason: str
    actor: str | None = None


@event("validation.lead.invalidated.v1")
class LeadInvalidatedV1(BillableEvent, frozen=True, kw_only=True):
    """No longer billable."""


@event("validation.lead.revalidated.v1")
class LeadRevalidatedV1(BillableEvent, frozen=True, kw_only=True):
    """Billable again."""


@event("validation.return.proposed.v1")
class ReturnProposedV1(LeadEvent, frozen=True, kw_only=True):
    """V4.10: a rejected lead should go back to its partner. `mode` is `automatic` or `ask`."""

    mode: str
    reason: str
    note: str | None = None
    decided_by: str | None = None


@event("validation.erasure.completed.v1")
class ErasureCompletedV1(ErasureReceipt, frozen=True, kw_only=True):
    pass


@event("validation.alarm.raised.v1")
class AlarmRaisedV1(AlarmContent, frozen=True, kw_only=True):
    pass


@event("validation.audit.recorded.v1")
class AuditRecordedV1(AuditEntry, frozen=True, kw_only=True):
    pass
