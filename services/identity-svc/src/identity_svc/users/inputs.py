"""What comes in and goes out about users."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr, StringConstraints
from servicekit.http import Input
from servicekit.http_input import Exactly
from servicekit.paging import Cursor, Limit

from identity_svc.users.model import AccessLevel, User

Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Password = Annotated[SecretStr, Field(min_length=8, max_length=128), Exactly]
Permission = Annotated[str, StringConstraints(max_length=100, pattern=r"^[a-z_]+(\.[a-z_]+)*$")]
Permissions = Annotated[list[Permission], Field(max_length=50)]
ScopeId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z]+_[0-9A-Za-z_-]+$")]


class NewUser(Input):
    email: Email
    name: Name
    access_level: AccessLevel
    password: Password | None = None
    sponsor_id: ScopeId | None = None
    partner_id: ScopeId | None = None
    permissions: Permissions | None = Field(default=None, description="Omitted: what the access level usually has")
    active: bool = True


class UserChange(Input):
    """What is left out stays as it is. `permissions` null, or a new access level without them: the level's usual."""

    email: Email = ""
    name: Name = ""
    access_level: AccessLevel = AccessLevel.LEADS_AGENT
    password: Password | None = None
    sponsor_id: ScopeId | None = None
    partner_id: ScopeId | None = None
    permissions: Permissions | None = None
    active: bool = True


class UserFilter(Input):
    access_level: AccessLevel | None = None
    active: bool | None = None
    limit: Limit = 50
    cursor: Cursor = None


class UserOut(BaseModel):
    id: str
    email: str
    name: str
    access_level: AccessLevel
    permissions: list[str]
    sponsor_id: str | None
    partner_id: str | None
    active: bool
    version: int
    created_at: datetime
    updated_at: datetime


def shape(user: User) -> UserOut:
    profile = user.profile
    return UserOut(
        id=user.id,
        email=profile.email,
        name=profile.name,
        access_level=profile.access_level,
        permissions=list(profile.permissions),
        sponsor_id=profile.sponsor_id,
        partner_id=profile.partner_id,
        active=profile.active,
        version=user.version,
        created_at=user.created_at,
        updated_at=user.updated_at,
    )
