"""What events of several contexts have in common."""

from contracts.event import Event
from contracts.events.values import LeadRef


class LeadEvent(Event, frozen=True, kw_only=True):
    """An event about one lead."""

    lead: LeadRef

    @property
    def subject(self) -> str:
        return self.lead.lead_id


class ErasureReceipt(Event, frozen=True, kw_only=True):
    """`removed` counts rows by table, those of the outbox and the dead letters included."""

    erasure_id: str
    removed: dict[str, int] = {}

    @property
    def subject(self) -> str:
        return self.erasure_id


class AlarmContent(Event, frozen=True, kw_only=True):
    """Something that an operator or supervisor should look at (N5.9).

    `alarm` names the kind, e.g. `suppression-list-stale`, `lead-unassignable`, `speed-to-lead`; `key` what it is about:
    the same `alarm` and `key` again is the same trouble. `detail` says it in words, without personal data.
    """

    alarm: str
    key: str
    detail: str
    project_id: str | None = None
    lead_id: str | None = None

    @property
    def subject(self) -> str:
        return self.key
