"""Suppressions as they are sent and shown."""

import re
from datetime import datetime
from typing import Annotated, Literal

from lead_intake_svc.checks.email import normalise_email
from lead_intake_svc.checks.phone import normalise_phone
from pydantic import BaseModel, Field, StringConstraints, model_validator
from servicekit.http import Input
from servicekit.problems import invalid

Kind = Literal["phone", "email", "domain"]
SuppressionScope = Literal["global", "sponsor", "project"]
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


class NewSuppression(Input):
    """A phone number without country code needs the `region` whose numbers are meant."""

    kind: Kind
    value: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    scope: SuppressionScope = "global"
    scope_id: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    region: Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")] | None = None

    @model_validator(mode="after")
    def _scope_fits(self) -> "NewSuppression":
        if (self.scope == "global") != (self.scope_id is None):
            raise ValueError("A sponsor's or project's suppression needs its scope_id, a global one has none.")
        return self


class Search(Input):
    """Whoever asks about a person keeps them out of the address of the request."""

    kind: Kind
    value: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    region: Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, StringConstraints(max_length=500)] | None = None


class Suppression(BaseModel):
    """`list_id`: the uploaded list that it belongs to. Of an erased person `value` is a keyed hash."""

    id: str
    kind: Kind
    value: str
    scope: SuppressionScope
    scope_id: str | None
    list_id: str | None
    created_at: datetime


def normalised(kind: str, value: str, region: str | None) -> str:
    """As leads keep theirs; raises 422 for what no lead can have."""
    found = normalised_or_none(kind, value, region)
    if found is None:
        raise invalid("suppression-value-invalid", "The value is no phone number, e-mail address or domain.", "/value")
    return found


def normalised_or_none(kind: str, value: str, region: str | None) -> str | None:
    """Beside the caches of the checks: a list has each value once."""
    match kind:
        case "phone":
            return normalise_phone.__wrapped__(value, region or "ZZ")
        case "email":
            return normalise_email.__wrapped__(value)
        case _:
            domain = value.lower().removeprefix("@")
            return domain if _DOMAIN.fullmatch(domain) else None
