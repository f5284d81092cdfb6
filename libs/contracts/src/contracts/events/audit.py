"""What every context tells about changes by people (G6.5); each publishes it under its own name."""

from typing import Any

from contracts.event import Event
from contracts.events.values import Moment, Value


class FieldChange(Value, frozen=True, kw_only=True):
    """`***` stands for a secret; a long value is cut. A value that is missing was, or became, empty."""

    field: str
    before: Any = None
    after: Any = None


class AuditEntry(Event, frozen=True, kw_only=True):
    """Who did what to which object. About leads it holds ids and names of fields only.

    `actor` is a user's id, `key:…` a partner key, `cli:…` a command, `system` the service itself. `operation` is the
    request's, e.g. `PATCH /v1/partners/{partner_id}`; `subjects` are ids that it was done to besides the object.
    """

    entry_id: str
    at: Moment
    actor: str
    access_level: str
    request_id: str
    operation: str
    action: str
    object_kind: str
    object_id: str
    subjects: list[str] = []
    changes: list[FieldChange] = []
    details: dict[str, Any] = {}

    @property
    def subject(self) -> str:
        return self.entry_id
