"""SQL of deciding about leads that are there: by a person, or by the checks again."""

from collections.abc import Sequence
from typing import Any

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

_FIND = """
SELECT l.*, d.partner_id AS duplicate_partner_id
FROM leads AS l LEFT JOIN leads AS d ON d.id = l.duplicate_of
WHERE l.id = $1 AND ($2::text IS NULL OR l.partner_id = $2)
    AND NOT EXISTS (SELECT FROM erased_leads AS e WHERE e.lead_id = l.id)
FOR UPDATE OF l
"""
_SETTLE = """
UPDATE leads SET status = $2, reason = $3, location = $4, held = $5, billable = $6, problems = $7, duplicate_of = $8,
    first_status = coalesce(first_status, status), first_reason = coalesce(first_reason, reason),
    version = version + 1, updated_at = $9
WHERE id = $1
"""
_CONTENT = """
UPDATE leads SET contact_list_id = $2, first_name = $3, last_name = $4, phone = $5, email = $6, content = $7,
    fingerprint = $8
WHERE id = $1
"""
# Retired ones keep their number, on which concurrent writers decide, and are older than every window.
_RETIRE = """
UPDATE lead_identities SET received_at = '-infinity'
WHERE lead_id = $1 AND (kind, value) IN (SELECT * FROM unnest($2::text[], $3::text[]))
"""
_RESERVE = """
INSERT INTO lead_identities (kind, value, n, lead_id, partner_id, project_id, sponsor_id, received_at)
SELECT asked.kind, asked.value,
    coalesce((SELECT max(n) FROM lead_identities AS i WHERE i.kind = asked.kind AND i.value = asked.value), 0) + 1,
    l.id, l.partner_id, l.project_id, l.sponsor_id, '-infinity'
FROM unnest($2::text[], $3::text[]) AS asked (kind, value) CROSS JOIN leads AS l
WHERE l.id = $1 AND NOT EXISTS (
    SELECT FROM lead_identities AS i WHERE i.kind = asked.kind AND i.value = asked.value AND i.lead_id = l.id)
"""
_REVIVE = """
UPDATE lead_identities AS i SET received_at = l.received_at FROM leads AS l
WHERE l.id = $1 AND i.lead_id = $1 AND (i.kind, i.value) IN (SELECT * FROM unnest($2::text[], $3::text[]))
"""
Identities = Sequence[tuple[str, str]]


async def find_locked(work: UnitOfWork, lead_id: str, partner_id: str | None) -> Record | None:
    """None for a lead that is unknown, or another partner's."""
    return await work.fetchrow(_FIND, lead_id, partner_id)


async def settle(work: UnitOfWork, lead_id: str, values: Sequence[Any]) -> None:
    """`values`: status, reason, location, held, billable, problems, duplicate, time."""
    await work.execute(_SETTLE, lead_id, *values)


async def set_content(work: UnitOfWork, lead_id: str, values: Sequence[Any]) -> None:
    """`values`: those of revisions.store.COLUMNS, and the fingerprint."""
    await work.execute(_CONTENT, lead_id, *values)


async def retire(work: UnitOfWork, lead_id: str, identities: Identities) -> None:
    """Nobody is a duplicate of these any more."""
    if identities:
        await work.execute(_RETIRE, lead_id, *_columns(identities))


async def reserve(work: UnitOfWork, lead_id: str, identities: Identities) -> None:
    """Makes sure that the lead has the identities, retired. Who adds the same at the same time waits, and then knows of
    this one. Raises UniqueViolationError when that one was faster.
    """
    if identities:
        await work.execute(_RESERVE, lead_id, *_columns(identities))


async def revive(work: UnitOfWork, lead_id: str, identities: Identities) -> None:
    if identities:
        await work.execute(_REVIVE, lead_id, *_columns(identities))


def _columns(identities: Identities) -> tuple[list[str], list[str]]:
    ordered = sorted(identities)
    return [kind for kind, _ in ordered], [value for _, value in ordered]
