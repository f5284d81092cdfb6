"""Partner keys as they are asked for and shown; the key itself is shown once."""

from datetime import datetime
from typing import Annotated, Literal

from lead_intake_svc.keys.authenticate import SCOPES
from pydantic import BaseModel, Field, StrictBool, StringConstraints
from servicekit.http import Input

KeyScope = Literal["leads.write", "leads.read"]


class NewKeyWanted(Input):
    name: Annotated[str, StringConstraints(max_length=200)] | None = None
    scopes: Annotated[list[KeyScope], Field(min_length=1, max_length=len(SCOPES))] = Field(
        default_factory=lambda: list(SCOPES)
    )
    test: StrictBool = False


class Rotation(Input):
    """Until then the old key works beside the new one; 0: not any more."""

    keep_old_hours: Annotated[int, Field(ge=0, le=24 * 90, strict=True)] = 24


class Key(BaseModel):
    """`expires_at`: when a key that was rotated ends."""

    id: str
    name: str | None
    scopes: list[str]
    test: bool
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


class IssuedKey(Key):
    """`key` is shown this once; a repeat of the request with the same `Idempotency-Key` has null there."""

    key: str | None
