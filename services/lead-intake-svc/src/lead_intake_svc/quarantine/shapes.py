"""Decisions and edits as they are sent and answered."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints, model_validator
from servicekit.http import Input

from lead_intake_svc.intake.shapes import (
    AccountInput,
    ConsentInput,
    Free,
    Id,
    Line,
    OrderInput,
    Short,
    Text,
)
from lead_intake_svc.leads.answers import FieldProblem, ProblemShown, Status

MOST_EDITS = 200


class Decision(Input):
    decision: Literal["accept", "reject"]
    reason: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class LeadChanges(Input):
    """Only what is sent changes; `null` clears."""

    first_name: Short | None = None
    last_name: Short | None = None
    phone: Short | None = None
    email: Line | None = None
    address: Free | None = None
    account: AccountInput | None = None
    consent: ConsentInput | None = None
    comments: Text | None = None
    contact_time: Line | None = None
    custom: Free = Field(default_factory=dict[str, Any])
    order: OrderInput | None = None

    def sent(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True)


class LeadEdit(Input):
    lead_id: Id
    changes: LeadChanges


class BulkEdit(Input):
    edits: Annotated[list[LeadEdit], Field(min_length=1, max_length=MOST_EDITS)]

    @model_validator(mode="after")
    def _each_once(self) -> "BulkEdit":
        if len({edit.lead_id for edit in self.edits}) < len(self.edits):
            raise ValueError("A lead is there twice.")
        return self


class EditResult(BaseModel):
    """`ok`: edited and checked again, and `lead_status` says how that ended. `failed`: as it was."""

    index: int
    id: str
    status: Literal["ok", "failed"]
    code: str | None = None
    detail: str | None = None
    errors: list[FieldProblem] = []
    lead_status: Status | None = None
    reason: str | None = None
    location: str | None = None
    held: bool | None = None
    problems: list[ProblemShown] = []


class EditAnswer(BaseModel):
    results: list[EditResult]
