"""Events of notify-svc."""

from contracts.event import Event, event
from contracts.events.values import LeadRef


class EmailEvent(Event, frozen=True, kw_only=True):
    """`email_id` is the ledger's; `cause_id` the event that the mail tells of; `template` its key."""

    email_id: str
    cause_id: str
    template: str
    recipient: str
    lead: LeadRef | None = None

    @property
    def subject(self) -> str:
        return self.email_id


@event("notify.email.sent.v1")
class EmailSentV1(EmailEvent, frozen=True, kw_only=True):
    """A server took it (250 after DATA)."""


@event("notify.email.failed.v1")
class EmailFailedV1(EmailEvent, frozen=True, kw_only=True):
    """Given up: a permanent refusal, or transient ones for too long."""

    reason: str


@event("notify.email.suppressed.v1")
class EmailSuppressedV1(EmailEvent, frozen=True, kw_only=True):
    reason: str
