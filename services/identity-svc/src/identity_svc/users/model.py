"""A user, and the rules about one: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any


class AccessLevel(StrEnum):
    ADMIN = "admin"
    SUPERVISOR = "supervisor"
    LEADS_AGENT = "leads_agent"
    CALL_CENTRE = "call_centre"
    SPONSOR = "sponsor"
    PARTNER = "partner"
    INTEGRATION = "integration"


_SUPERVISION = ("customer_service", "leads.pending.read", "order_entry", "queue.request", "reports.order_details")
_DEFAULTS: dict[AccessLevel, tuple[str, ...]] = {
    AccessLevel.ADMIN: _SUPERVISION,
    AccessLevel.SUPERVISOR: _SUPERVISION,
    AccessLevel.LEADS_AGENT: ("customer_service", "order_entry", "queue.request", "reports.order_details"),
}


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What an admin decides about a user."""

    email: str
    name: str
    access_level: AccessLevel
    permissions: Sequence[str]
    sponsor_id: str | None
    partner_id: str | None
    active: bool

    @property
    def is_active_admin(self) -> bool:
        return self.active and self.access_level is AccessLevel.ADMIN


@dataclass(frozen=True, kw_only=True)
class User:
    id: str
    profile: Profile
    version: int
    created_at: datetime
    updated_at: datetime


def default_permissions(level: AccessLevel) -> list[str]:
    """What somebody of this level may do unless an admin says otherwise."""
    return list(_DEFAULTS.get(level, ()))


def changed_profile(before: Profile, changes: Mapping[str, Any]) -> Profile:
    """A new access level without permissions, or permissions of None, bring those that are usual for the level."""
    after = replace(before, **changes)
    permissions = changes.get("permissions")
    if permissions is None and ("permissions" in changes or after.access_level is not before.access_level):
        permissions = default_permissions(after.access_level)
    return replace(after, permissions=tuple(permissions if permissions is not None else before.permissions))


def normalise_email(email: str) -> str:
    return email.strip().lower()


def missing_scope(profile: Profile) -> str | None:
    """The field without which the user could see nothing, or too much."""
    if profile.access_level is AccessLevel.PARTNER and not profile.partner_id:
        return "partner_id"
    return None
