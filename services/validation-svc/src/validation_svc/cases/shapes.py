"""What callers send, and what each of them gets to see of a case (V4.3)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from asyncpg import Record
from pydantic import BaseModel, Field
from servicekit.http import Input

from validation_svc.cases.rules import Decision, State, Verdict, contact_status

LeadId = Annotated[str, Field(min_length=1, max_length=64)]
NoteText = Annotated[str, Field(min_length=1, max_length=4000)]
Version = Annotated[int, Field(ge=1, lt=2**63, strict=True)]
FirstCheck = Literal["valid", "caution"]


class RowDecisionInput(Input):
    status: Verdict
    note: NoteText | None = None
    version: Version | None = Field(default=None, description="409 if anything happened since this version")

    def on(self, lead_id: str) -> Decision:
        return Decision(lead_id, self.status, self.note, self.version)


class NextInput(Input):
    """`project_id`: only cases of that project. `skip`: the case that the caller has now goes to the end."""

    project_id: LeadId | None = None
    skip: Annotated[bool, Field(strict=True)] = False


class DecisionInput(RowDecisionInput):
    """`lease_token`: 409 if the case was given to somebody else since. With `next`, the answer brings the next case."""

    lease_token: LeadId | None = None
    next: NextInput | None = None

    def on(self, lead_id: str) -> Decision:
        return Decision(lead_id, self.status, self.note, self.version, self.lease_token)


class LeadDecisionInput(RowDecisionInput):
    lead_id: LeadId


class BatchInput(Input):
    decisions: list[LeadDecisionInput] = Field(min_length=1, max_length=500)


class ReopenInput(Input):
    reason: NoteText


class FlagInput(Input):
    """V4.3: with `valid`, validators see the case though its first check was not valid."""

    valid: Annotated[bool, Field(strict=True)]
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
    first_check: FirstCheck
    returning: bool


class AdminCase(ValidatorCase):
    """`billable` as it is now; `delivered_at` when the client got the lead by webhook; `leased_by` who has it now."""

    partner_id: str
    sponsor_id: str | None
    contact_list_id: str | None
    external_id: str
    location: str
    priority: str
    after_validation: str
    country: str | None
    flagged_by: str | None
    billable: bool
    delivered_at: datetime | None
    leased_by: str | None
    leased_until: datetime | None
    account: dict[str, Any] | None
    order: dict[str, Any] | None
    consent: dict[str, Any] | None
    custom: dict[str, Any]


class Note(BaseModel):
    """`status` is what the step that the note belongs to made of the case, or the step itself: `reopened`, `flagged`,
    `unflagged`, `invalidated`, `revalidated`.
    """

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


class Lease(BaseModel):
    """The case is the caller's until then; asking again extends it."""

    token: str
    expires_at: datetime


class NextCase(BaseModel):
    case: AnyCaseWithNotes
    lease: Lease


class DecidedAdminCase(AdminCase):
    next: NextCase | None = None


class DecidedValidatorCase(ValidatorCase):
    next: NextCase | None = None


AnyDecidedCase = DecidedAdminCase | DecidedValidatorCase

_DERIVED = {"status", "contact_status", "account_name", "first_check"}
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


def shape_next(row: Record, notes: list[Record], *, all_columns: bool) -> NextCase:
    lease = Lease(token=row["lease_token"], expires_at=row["leased_until"])
    return NextCase(case=shape_case_with_notes(row, notes, all_columns=all_columns), lease=lease)


def shape_decided(row: Record, following: NextCase | None, *, all_columns: bool) -> AnyDecidedCase:
    shape = DecidedAdminCase if all_columns else DecidedValidatorCase
    return shape.model_validate({**_values(row, shape), "next": following})


def _values(row: Record, shape: type[BaseModel]) -> dict[str, Any]:
    """Only what the shape has: nothing else leaves this function."""
    content = row["content"]
    derived = {
        "status": row["state"],
        "contact_status": contact_status(row["state"]),
        "account_name": (content.get("account") or {}).get("name"),
        "first_check": "valid" if row["first_check_valid"] else "caution",
    }
    wanted = shape.model_fields.keys() - _DERIVED - {"notes", "next"}
    return derived | {field: content.get(field) if field in _FROM_CONTENT else row[field] for field in wanted}
