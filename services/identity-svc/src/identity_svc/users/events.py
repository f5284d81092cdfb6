"""What others are told about a user."""

from typing import Any

from identity_svc.users.model import User


def content(user: User) -> dict[str, Any]:
    """The fields of every user event."""
    profile = user.profile
    return {
        "user_id": user.id,
        "email": profile.email,
        "name": profile.name,
        "access_level": profile.access_level.value,
        "active": profile.active,
        "permissions": list(profile.permissions),
        "sponsor_id": profile.sponsor_id,
        "partner_id": profile.partner_id,
    }
