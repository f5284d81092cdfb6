"""All SQL of partner companies."""

from collections.abc import Mapping
from typing import Any

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

# What a caller may set; the names are columns.
FIELDS = (
    "name", "contact_person", "email", "phone", "address", "notes", "sells_leads", "buys_leads", "default_location",
    "force_default_location", "priority", "purchase_notification_emails", "return_notification_emails",
    "include_comments_with_return", "auto_response_template_id", "purchase_notification_mode", "sold_lead_emails",
    "calling_hours", "return_reasons", "return_window_days", "return_answer_days", "return_on_no_answer",
    "max_return_rate", "return_rate_days", "return_rate_action", "lead_price", "is_test", "active",
)  # fmt: skip
_SHOWN = f"id, {', '.join(FIELDS)}, internal, version, created_at, updated_at"
_INSERT = f"""
INSERT INTO partners (id, {", ".join(FIELDS)})
VALUES ($1, {", ".join(f"${n}" for n in range(2, len(FIELDS) + 2))}) RETURNING {_SHOWN}
"""
_FIND = f"SELECT {_SHOWN} FROM partners WHERE id = $1"
_LIST = f"""
SELECT {_SHOWN} FROM partners
WHERE ($1::text IS NULL OR id = $1) AND ($2::text IS NULL OR id > $2) ORDER BY id LIMIT $3
"""


async def insert(work: UnitOfWork, partner_id: str, values: Mapping[str, Any]) -> Record:
    row = await work.fetchrow(_INSERT, partner_id, *(values[name] for name in FIELDS))
    assert row is not None  # noqa: S101 -- an INSERT with RETURNING gives its row
    return row


async def find(work: UnitOfWork, partner_id: str, *, lock: bool = False) -> Record | None:
    return await work.fetchrow(_FIND + (" FOR UPDATE" if lock else ""), partner_id)


async def fetch_page(work: UnitOfWork, only: str | None, after: str | None, limit: int) -> list[Record]:
    return await work.fetch(_LIST, only, after, limit)


async def change(work: UnitOfWork, partner_id: str, values: Mapping[str, Any]) -> Record:
    """`values` has only names of FIELDS."""
    names = [name for name in FIELDS if name in values]
    assignments = ", ".join(f"{name} = ${n}" for n, name in enumerate(names, start=2))
    statement = f"""
    UPDATE partners SET {assignments}, version = version + 1, updated_at = now() WHERE id = $1 RETURNING {_SHOWN}
    """
    row = await work.fetchrow(statement, partner_id, *(values[name] for name in names))
    assert row is not None  # noqa: S101 -- the caller holds the row's lock
    return row
