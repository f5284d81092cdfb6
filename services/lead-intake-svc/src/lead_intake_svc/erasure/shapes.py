"""Erasures, holds and access requests, as they are asked for and shown."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, StringConstraints, model_validator
from servicekit.http import Input

Value = Annotated[str, StringConstraints(min_length=3, max_length=300)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class PersonWanted(Input):
    """By phone, by e-mail, or by either of both. A phone number without country code needs its `region`."""

    phone: Value | None = None
    email: Value | None = None
    region: Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")] | None = None

    @model_validator(mode="after")
    def _somebody(self) -> "PersonWanted":
        if self.phone is None and self.email is None:
            raise ValueError("Say whom: a phone number, an e-mail address, or both.")
        return self


class HoldWanted(Input):
    """On one lead, or on a person. The reason is shown to whoever tries to erase."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    lead_id: Id | None = None
    phone: Value | None = None
    email: Value | None = None
    region: Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")] | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> "HoldWanted":
        if sum(each is not None for each in (self.lead_id, self.phone, self.email)) != 1:
            raise ValueError("A hold is on one lead, one phone number or one e-mail address.")
        return self


class Hold(BaseModel):
    """A hold on a person shows what of them is held, not the number or the address."""

    id: str
    lead_id: str | None
    kind: Literal["phone", "email"] | None
    reason: str
    set_by: str
    set_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None


class Receipt(BaseModel):
    """`removed` counts rows by table."""

    service: str
    removed: dict[str, int]
    received_at: datetime


class Erasure(BaseModel):
    """Completed when every service of `awaited` has given its receipt. Whom it was about is not kept."""

    id: str
    state: Literal["running", "completed"]
    lead_ids: list[str]
    awaited: list[str]
    receipts: list[Receipt]
    requested_by: str | None
    requested_at: datetime
    completed_at: datetime | None
