"""Events of notify-svc."""

from contracts.event import Event, event
from contracts.events.audit import AuditEntry
from contracts.events.bases import AlarmContent, ErasureReceipt, LeadEvent
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


@event("notify.email.bounced.v1")
class EmailBouncedV1(EmailEvent, frozen=True, kw_only=True):
    """The receiving side gave it back, or complained, after it had been sent. `kind` is `bounce` or `complaint`."""

    kind: str
    reason: str


class WebhookEvent(Event, frozen=True, kw_only=True):
    """`cause_id` is the event that was told, `cause_type` its type. `purpose` is `event`, or `delivery` of a lead."""

    delivery_id: str
    endpoint_id: str
    cause_id: str
    cause_type: str
    purpose: str = "event"
    lead: LeadRef | None = None

    @property
    def subject(self) -> str:
        return self.delivery_id


@event("notify.webhook.delivered.v1")
class WebhookDeliveredV1(WebhookEvent, frozen=True, kw_only=True):
    pass


@event("notify.webhook.exhausted.v1")
class WebhookExhaustedV1(WebhookEvent, frozen=True, kw_only=True):
    """Given up: `reason` says whether after the last retry, because of a 410, or because the address is not allowed."""

    reason: str


@event("notify.return.received.v1")
class ReturnReceivedV1(LeadEvent, frozen=True, kw_only=True):
    """A buyer that runs Leadwire itself wants to give back a lead that we sold to it (I2.24).

    `lead` is ours; `buyer_id` the partner that bought it; `external_return_id` the buyer's own id of the return: the
    same one again is the same return. `comment` is the buyer's.
    """

    buyer_id: str
    external_return_id: str
    reason: str
    comment: str | None = None

    @property
    def lead_id(self) -> str:
        return self.lead.lead_id


@event("notify.alarm.raised.v1")
class AlarmRaisedV1(AlarmContent, frozen=True, kw_only=True):
    pass


@event("notify.erasure.completed.v1")
class ErasureCompletedV1(ErasureReceipt, frozen=True, kw_only=True):
    pass


@event("notify.audit.recorded.v1")
class AuditRecordedV1(AuditEntry, frozen=True, kw_only=True):
    pass
