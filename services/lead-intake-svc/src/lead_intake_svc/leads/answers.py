"""What a partner is told about a lead it pushed, and how leads are shown."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

Status = Literal["accepted", "rejected", "quarantined"]


class ProblemShown(BaseModel):
    code: str
    level: str
    field: str | None = None
    detail: str = ""


class LeadAnswer(BaseModel):
    """`duplicate_of` names the lead that was there before, if the same partner sent it."""

    id: str
    status: Status
    location: str | None
    held: bool
    reason: str | None = None
    duplicate_of: str | None = None
    problems: list[ProblemShown]


class FieldProblem(BaseModel):
    pointer: str
    code: str
    detail: str


class BatchRow(BaseModel):
    """`ok`: stored now, and `lead_status` says how. `skipped`: it was there already. `failed`: not stored."""

    index: int
    status: Literal["ok", "skipped", "failed"]
    code: str | None = None
    detail: str | None = None
    errors: list[FieldProblem] = []
    id: str | None = None
    lead_status: Status | None = None
    location: str | None = None
    held: bool | None = None
    reason: str | None = None
    duplicate_of: str | None = None
    problems: list[ProblemShown] = []


class BatchAnswer(BaseModel):
    results: list[BatchRow]


class Lead(BaseModel):
    """`status` is the public one, across services."""

    id: str
    partner_id: str
    external_id: str
    project_id: str
    sponsor_id: str | None
    contact_list_id: str | None
    status: str
    reason: str | None
    test: bool
    held: bool
    location: str | None
    asked_location: str | None
    priority: str
    contact_status: str | None
    agent_id: str | None
    first_name: str | None
    last_name: str | None
    phone: str | None
    email: str | None
    address: dict[str, Any] | None
    account: dict[str, Any] | None
    order: dict[str, Any] | None
    consent: dict[str, Any] | None
    consent_revoked_at: datetime | None
    comments: str | None
    contact_time: str | None
    custom: dict[str, Any]
    replacement_for: str | None
    duplicate_of: str | None
    problems: list[ProblemShown]
    billable: bool
    received_at: datetime
    updated_at: datetime | None
    version: int


class TimelineEntry(BaseModel):
    at: datetime
    actor: str | None
    event: str
    summary: str
    data: dict[str, Any]
