"""Work items on the wire."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from asyncpg import Record
from pydantic import BaseModel

from assignment_svc.orders.shapes import OrderOut

# Either an asyncpg record or the same row as decoded JSON.
Row = Record | Mapping[str, Any]


class PersonOut(BaseModel):
    first_name: str | None
    last_name: str | None
    phone: str | None
    email: str | None
    address: dict[str, Any] | None


class AccountOut(BaseModel):
    external_id: str
    name: str | None = None
    fields: dict[str, Any] = {}


class HeldBy(BaseModel):
    holder: str
    expires_at: datetime


class WorkItemOut(BaseModel):
    """`attempts` counts puttings-back, `calls` logged calls; `lock` is only told when one lead is read."""

    lead_id: str
    project_id: str
    state: str
    location: str
    priority: str
    agent_id: str | None
    attempts: int
    calls: int
    next_attempt_at: datetime | None
    claimed_at: datetime | None
    received_at: datetime
    person: PersonOut
    account: AccountOut | None
    order: OrderOut | None
    comments: str | None
    contact_time: str | None
    custom: dict[str, Any]
    timezone_candidates: list[str]
    contact_list_id: str | None
    sponsor_id: str | None
    external_id: str
    disposition_id: str | None
    reason: str | None
    version: int
    lock: HeldBy | None = None


class HistoryOut(BaseModel):
    lead_id: str
    at: datetime
    event: str
    actor: str | None
    agent_id: str | None
    data: dict[str, Any]
    version: int


_PLAIN = (
    *("lead_id", "project_id", "state", "location", "priority", "agent_id", "attempts", "calls", "next_attempt_at"),
    *(
        "claimed_at",
        "received_at",
        "contact_list_id",
        "sponsor_id",
        "external_id",
        "disposition_id",
        "reason",
        "version",
    ),
)


def work_item(row: Row) -> dict[str, Any]:
    """A row with VIEW_COLUMNS as WorkItemOut has it."""
    content = row["content"]
    person = {name: row[name] for name in ("first_name", "last_name", "phone", "email")}
    return {
        **{name: row[name] for name in _PLAIN},
        "person": {**person, "address": content.get("address")},
        "account": content.get("account"),
        "order": _order(row),
        "comments": content.get("comments"),
        "contact_time": content.get("contact_time"),
        "custom": content.get("custom") or {},
        "timezone_candidates": row["zones"],
    }


def shaped(row: Row) -> WorkItemOut:
    return WorkItemOut.model_validate(work_item(row))


def work_item_with_lock(row: Row) -> dict[str, Any]:
    held = None if row["holder"] is None else {"holder": row["holder"], "expires_at": row["lock_expires_at"]}
    return {**work_item(row), "lock": held}


def _order(row: Row) -> dict[str, Any] | None:
    if row["order_id"] is None:
        return None
    fields = {name: row[f"order_{name}"] for name in ("number", "status", "items", "total", "version")}
    return {"id": row["order_id"], "lead_id": row["lead_id"], **fields}
