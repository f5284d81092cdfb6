"""What callers ask of the ledger, and what it answers."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from asyncpg import Record
from pydantic import AwareDatetime, BaseModel, Field

from notify_svc.shapes import PageQuery

State = Literal["queued", "sending", "sent", "unknown", "failed", "suppressed"]


class EmailQuery(PageQuery):
    state: State | None = None
    lead_id: str | None = Field(default=None, max_length=64)
    template: str | None = Field(default=None, max_length=64, description="A template's id")
    since: AwareDatetime | None = Field(default=None, description="Queued at that time or later")


class EmailSearch(EmailQuery):
    """Whom a mail was to is asked for in a body only."""

    recipient: str | None = Field(default=None, max_length=320)


class Email(BaseModel):
    """`reply_code` and `reply` are the server's last words, `reason` why it failed."""

    id: str
    state: State
    template: str
    template_version: int
    recipient: str
    lead_id: str | None
    partner_id: str | None
    cause_id: UUID
    message_id: str | None
    attempts: int
    reply_code: int | None
    reply: str | None
    reason: str | None
    created_at: datetime
    sent_at: datetime | None
    next_attempt_at: datetime | None


class LogEntry(BaseModel):
    """`event` is what came of an attempt, or `resend-asked`."""

    at: datetime
    attempt: int
    event: str
    code: int | None
    reply: str | None
    by: str | None


class EmailWithLog(Email):
    log: list[LogEntry]


def shape_email(row: Record) -> Email:
    return Email.model_validate({**row, "partner_id": _partner(row)})


def shape_email_with_log(row: Record, log: list[Record]) -> EmailWithLog:
    return EmailWithLog.model_validate({**row, "partner_id": _partner(row), "log": [dict(entry) for entry in log]})


def _partner(row: Record) -> str | None:
    return row["lead"]["partner_id"] if row["lead"] is not None else None
