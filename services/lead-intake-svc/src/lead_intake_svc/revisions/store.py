"""SQL of changing a lead that is there."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

# What a repeated push may change; the names are columns.
COLUMNS = ("contact_list_id", "first_name", "last_name", "phone", "email", "content")
_HOLD = "SELECT FROM leads WHERE id = $1 FOR UPDATE"
_FIND = """
SELECT l.id, l.external_id, l.partner_id, l.asked_location, l.first_status,
    l.project_id, l.sponsor_id, l.contact_list_id, l.status, l.reason, l.test, l.held,
    l.location, l.priority, l.first_name, l.last_name, l.phone, l.email, l.content, l.problems, l.duplicate_of,
    l.fingerprint, l.received_at, l.billable, l.version, p.work_state, p.own_state,
    d.partner_id AS duplicate_partner_id
FROM leads AS l LEFT JOIN lead_progress AS p ON p.lead_id = l.id LEFT JOIN leads AS d ON d.id = l.duplicate_of
WHERE l.id = $1
"""
_CHANGE = """
UPDATE leads SET contact_list_id = $2, first_name = $3, last_name = $4, phone = $5, email = $6, content = $7,
    problems = $8, fingerprint = $9, updated_at = $10, version = version + 1
WHERE id = $1
"""
_REVISION = """
INSERT INTO lead_revisions (lead_id, version, changed_at, changed_fields, before) VALUES ($1, $2, $3, $4, $5)
"""
_IDENTIFY = """
INSERT INTO lead_identities (kind, value, n, lead_id, partner_id, project_id, sponsor_id, received_at)
SELECT $1, $2, coalesce((SELECT max(n) FROM lead_identities WHERE kind = $1 AND value = $2), 0) + 1,
    id, partner_id, project_id, sponsor_id, received_at
FROM leads WHERE id = $3
ON CONFLICT DO NOTHING
"""


async def find_locked(work: UnitOfWork, lead_id: str) -> Record:
    await work.execute(_HOLD, lead_id)
    row = await work.fetchrow(_FIND, lead_id)
    assert row is not None  # noqa: S101 -- leads are not deleted
    return row


async def change(work: UnitOfWork, lead_id: str, values: Sequence[Any]) -> None:
    """`values`: those of COLUMNS, then problems, fingerprint and the time."""
    await work.execute(_CHANGE, lead_id, *values)


async def keep_revision(
    work: UnitOfWork, row: Record, now: datetime, fields: Sequence[str], before: dict[str, Any]
) -> None:
    await work.execute(_REVISION, row["id"], row["version"] + 1, now, fields, before)


async def identify(work: UnitOfWork, kind: str, value: str, lead_id: str) -> bool:
    """False when somebody adds the same value at the same time."""
    return await work.execute(_IDENTIFY, kind, value, lead_id) == "INSERT 0 1"
