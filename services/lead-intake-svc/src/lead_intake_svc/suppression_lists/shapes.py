"""Suppression lists as they are uploaded and shown."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal

from fastapi import UploadFile
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints, model_validator

from lead_intake_svc.reference.project import STALE_AFTER
from lead_intake_svc.suppressions.shapes import Kind, SuppressionScope

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class ListUpload(BaseModel):
    """`as_of`: the day, or moment, that the list speaks of. A list is known by its name in its scope: uploading it
    again replaces its entries, or with `mode` `add` adds to them. `region` is that of numbers without a
    country code.
    """

    model_config = ConfigDict(extra="forbid")

    file: UploadFile
    name: Name
    as_of: AwareDatetime | date
    scope: SuppressionScope = "global"
    scope_id: Id | None = None
    national: bool = False
    mode: Literal["replace", "add"] = "replace"
    kind: Kind | None = None
    region: Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")] | None = None

    @model_validator(mode="after")
    def _fits(self) -> "ListUpload":
        if (self.scope == "global") != (self.scope_id is None):
            raise ValueError("A sponsor's or project's list needs its scope_id, a global one has none.")
        if self.moment > datetime.now(UTC) + timedelta(days=1):
            raise ValueError("as_of lies in the future.")
        return self

    @property
    def moment(self) -> datetime:
        as_of = self.as_of
        return as_of if isinstance(as_of, datetime) else datetime.combine(as_of, time(), UTC)


class SuppressionList(BaseModel):
    """`stale`: a national list that is more than 31 days old."""

    id: str
    name: str
    scope: SuppressionScope
    scope_id: str | None
    national: bool
    as_of: datetime
    stale: bool
    entries: int
    version: int
    created_at: datetime
    updated_at: datetime


class UploadAnswer(SuppressionList):
    """`invalid` counts rows with a value that no lead can have; `invalid_rows` are the first of them, from 1."""

    added: int
    removed: int
    invalid: int
    invalid_rows: list[int]


def is_stale(*, national: bool, as_of: datetime) -> bool:
    return national and as_of + STALE_AFTER < datetime.now(UTC)
