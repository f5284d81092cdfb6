"""A link to statistics, for people without a sign-in (S0.13): what it shows is fixed here, not by who opens it."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST = timedelta(days=366)
VISIT = timedelta(hours=1)
TOKEN_PREFIX, TICKET_PREFIX = "lws_", "lwv_"


@dataclass(frozen=True, kw_only=True)
class Link:
    id: str
    name: str | None
    sponsor_id: str
    project_id: str | None
    has_password: bool
    expires_at: datetime
    revoked_at: datetime | None
    opened_at: datetime | None
    made_by: str
    of_account: bool
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Visit:
    """What a visitor sees, and whose rights that hangs on."""

    link_id: str
    made_by: str
    sponsor_id: str
    sponsor_name: str
    project_id: str | None
    project_name: str | None
    expires_at: datetime


def new_secret(prefix: str) -> str:
    """256 bits: nobody guesses one."""
    return prefix + secrets.token_urlsafe(32)


def hash_of(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
