"""What callers ask of the ledger of webhooks, and what it answers."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from asyncpg import Record
from pydantic import BaseModel, Field
from servicekit.http import Input

State = Literal["queued", "sending", "delivered", "retrying", "exhausted", "cancelled"]
Purpose = Literal["event", "delivery", "test"]


class DeliveryQuery(Input):
    endpoint_id: str | None = Field(default=None, max_length=64)
    state: State | None = None
    lead_id: str | None = Field(default=None, max_length=64)
    event_type: str | None = Field(default=None, max_length=100)
    limit: int = Field(default=25, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=500)


class DeliveryOut(BaseModel):
    """`id` is also the `webhook-id` that the receiver sees, the same at every attempt.

    `reason` says why it waits or was given up; `remote_id` is what a buyer's Leadwire calls the lead.
    """

    id: str
    endpoint_id: str
    event_type: str
    purpose: Purpose
    lead_id: str | None
    cause_id: UUID
    state: State
    attempts: int
    status_code: int | None
    reason: str | None
    remote_id: str | None
    erased: bool
    created_at: datetime
    delivered_at: datetime | None
    next_attempt_at: datetime | None


class AttemptOut(BaseModel):
    """`event` is what came of an attempt, or `replay-asked`, `recovery-asked` or `lease-lost`.

    `excerpt` is the beginning of a refusal, without what we sent and what looks like an address or a number.
    """

    at: datetime
    attempt: int
    event: str
    status_code: int | None
    took_ms: int | None
    excerpt: str | None
    by: str | None


class DeliveryWithLog(DeliveryOut):
    log: list[AttemptOut]


def shape_delivery(row: Record) -> DeliveryOut:
    return DeliveryOut.model_validate(dict(row))


def shape_delivery_with_log(row: Record, log: list[Record]) -> DeliveryWithLog:
    return DeliveryWithLog.model_validate({**row, "log": [dict(entry) for entry in log]})
