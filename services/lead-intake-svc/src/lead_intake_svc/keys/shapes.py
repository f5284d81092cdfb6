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


class Key(BaseModel):
    id: str
    name: str | None
    scopes: list[str]
    test: bool
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class IssuedKey(Key):
    key: str
