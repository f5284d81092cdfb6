"""What callers send, and what each of them gets to see of a case (V4.3)."""

from datetime import datetime
from typing import Annotated, Any

from asyncpg import Record
from pydantic import BaseModel, Field
from servicekit.http import Input

from validation_svc.cases.rules import Decision, State, Verdict, contact_status

LeadId = Annotated[str, Field(min_length=1, max_length=64)]
NoteText = Annotated[str, Field(min_length=1, max_length=4000)]


class CaseQuery(Input):
    """Without `status`, everything but what was rejected: that has left the listing (V4.4)."""

    status: State | None = None
    project_id: LeadId | None = None
    attempts: int | None = Field(default=None, ge=0, le=1000)
    limit: int = Field(default=25, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=500)


class DecisionInput(Input):
    status: Verdict
    note: NoteText | None = None
    version: int | None = Field(default=None, ge=1, description="409 if anything happened since this version")

    def on(self, lead_id: str) -> Decision:
        return Decision(lead_id, self.status, self.note, self.version)


class LeadDecisionInput(DecisionInput):
    lead_id: LeadId


class BatchInput(Input):
    decisions: list[LeadDecisionInput] = Field(min_length=1, max_length=500)


class ReopenInput(Input):
    reason: NoteText


class BatchResult(BaseModel):
    index: int
    status: str
    id: str | None = None
    code: str | None = None
    detail: str | None = None


class BatchAnswer(BaseModel):
    results: list[BatchResult]


class PersonShape(BaseModel):
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    email: str | None = None
    address: dict[str, Any] | None = None


class ProblemShape(BaseModel):
    """Without the check's own words: they may name other leads and their partners."""

    code: str
    level: str
    field: str | None = None


class ValidatorCase(BaseModel):
    lead_id: str
    project_id: str
    project_name: str | None
    status: State
    contact_status: Verdict
    attempts: int
    version: int
    received_at: datetime
    opened_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    person: PersonShape
    account_name: str | None
    comments: str | None
    contact_time: str | None
    problems: list[ProblemShape]


class AdminCase(ValidatorCase):
    partner_id: str
    sponsor_id: str | None
    contact_list_id: str | None
    external_id: str
    location: str
    priority: str
    after_validation: str
    country: str | None
    account: dict[str, Any] | None
    order: dict[str, Any] | None
    consent: dict[str, Any] | None
    custom: dict[str, Any]


class Note(BaseModel):
    """`status` is what the step that the note belongs to made of the case, or `reopened`."""

    version: int
    at: datetime
    by: str
    status: str
    text: str


class ValidatorCaseWithNotes(ValidatorCase):
    notes: list[Note]


class AdminCaseWithNotes(AdminCase):
    notes: list[Note]


AnyCase = AdminCase | ValidatorCase
AnyCaseWithNotes = AdminCaseWithNotes | ValidatorCaseWithNotes

_DERIVED = {"status", "contact_status", "account_name"}
_FROM_CONTENT = {
    "person", "comments", "contact_time", "problems", "external_id", "location", "priority", "after_validation",
    "country", "account", "order", "consent", "custom",
}  # fmt: skip


def shape_case(row: Record, *, all_columns: bool) -> AnyCase:
    shape = AdminCase if all_columns else ValidatorCase
    return shape.model_validate(_values(row, shape))


def shape_case_with_notes(row: Record, notes: list[Record], *, all_columns: bool) -> AnyCaseWithNotes:
    shape = AdminCaseWithNotes if all_columns else ValidatorCaseWithNotes
    return shape.model_validate({**_values(row, shape), "notes": [dict(note) for note in notes]})


def _values(row: Record, shape: type[BaseModel]) -> dict[str, Any]:
    """Only what the shape has: nothing else leaves this function."""
    content = row["content"]
    derived = {
        "status": row["state"],
        "contact_status": contact_status(row["state"]),
        "account_name": (content.get("account") or {}).get("name"),
    }
    wanted = shape.model_fields.keys() - _DERIVED - {"notes"}
    return derived | {field: content.get(field) if field in _FROM_CONTENT else row[field] for field in wanted}
