"""Events of validation-svc: one case per held lead."""

from contracts.event import event
from contracts.events.intake import LeadEvent


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
