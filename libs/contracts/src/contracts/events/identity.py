"""Events of identity-svc."""

from contracts.event import Event, event
from contracts.events.audit import AuditEntry
from contracts.events.bases import AlarmContent, ErasureReceipt


class UserContent(Event, frozen=True, kw_only=True):
    """`access_level` is `admin`, `supervisor`, `leads_agent`, `call_centre`, `sponsor`, `partner` or `integration`."""

    user_id: str
    email: str
    name: str
    access_level: str
    active: bool
    permissions: list[str] = []
    sponsor_id: str | None = None
    partner_id: str | None = None

    @property
    def subject(self) -> str:
        return self.user_id


@event("identity.user.created.v1")
class UserCreatedV1(UserContent, frozen=True, kw_only=True):
    pass


@event("identity.user.changed.v1")
class UserChangedV1(UserContent, frozen=True, kw_only=True):
    pass


@event("identity.user.deactivated.v1")
class UserDeactivatedV1(UserContent, frozen=True, kw_only=True):
    pass


@event("identity.erasure.completed.v1")
class ErasureCompletedV1(ErasureReceipt, frozen=True, kw_only=True):
    pass


@event("identity.alarm.raised.v1")
class AlarmRaisedV1(AlarmContent, frozen=True, kw_only=True):
    pass


@event("identity.audit.recorded.v1")
class AuditRecordedV1(AuditEntry, frozen=True, kw_only=True):
    pass
