"""All SQL of replacements."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from asyncpg import Record
from lead_intake_svc.replacements.rules import Original
from messaging.unit_of_work import UnitOfWork

# The original's row is held until the end of the transaction: one replacement at a time is decided.
_LOCK_ORIGINAL = """
SELECT id, partner_id, project_id, sponsor_id, contact_list_id, test, version FROM leads
WHERE partner_id || '' = $1 AND id IN (
    SELECT id FROM leads WHERE id = $2 UNION ALL SELECT id FROM leads WHERE external_id = $2 AND partner_id || '' = $1
)
ORDER BY id = $2 DESC LIMIT 1 FOR NO KEY UPDATE
"""
# A replacement that was rejected, at intake or in validation, leaves its slot open again.
_LIVE = """
SELECT r.replacement_id FROM replacements AS r
JOIN leads AS l ON l.id = r.replacement_id
LEFT JOIN lead_progress AS p ON p.lead_id = r.replacement_id
WHERE r.original_id = $1 AND l.status <> 'rejected' AND p.contact_status IS DISTINCT FROM 'rejected'
"""
_RETURNED = "SELECT EXISTS (SELECT FROM returns WHERE lead_id = $1 AND kind = 'purchase' AND state = 'accepted')"
_SAME_PERSON = """
SELECT EXISTS (
    SELECT FROM lead_identities AS i JOIN unnest($2::text[], $3::text[]) AS asked (kind, value)
        ON i.kind = asked.kind AND i.value = asked.value
    WHERE i.lead_id = $1
)
"""
_PUSHED_BEFORE = "SELECT EXISTS (SELECT FROM leads WHERE external_id = $2 AND partner_id || '' = $1)"
_TAKE = """
INSERT INTO replacements (original_id, replacement_id, partner_id, was_billable, set_by, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (original_id) DO UPDATE SET replacement_id = $2, was_billable = $4, set_by = $5, created_at = $6
"""
_ACCEPTED_IN_SLOT = """
SELECT r.replacement_id FROM replacements AS r JOIN leads AS l ON l.id = r.replacement_id AND l.status = 'accepted'
WHERE r.original_id = $1
"""
_OF_LEAD = "SELECT original_id, was_billable FROM replacements WHERE replacement_id = $1 FOR UPDATE"
_FREE = "DELETE FROM replacements WHERE replacement_id = $1"
_MARK = """
UPDATE leads SET billable = $3, version = version + 1, content = CASE WHEN $2::text IS NULL
    THEN content - 'replacement_for' ELSE jsonb_set(content, '{replacement_for}', to_jsonb($2::text)) END
WHERE id = $1 RETURNING version
"""


async def lock_original(work: UnitOfWork, partner_id: str, name: str) -> Record | None:
    """By our id, or by the id that the partner gave it; None for another partner's."""
    return await work.fetchrow(_LOCK_ORIGINAL, partner_id, name)


async def state_of(work: UnitOfWork, original_id: str, identities: Sequence[tuple[str, str]]) -> Original:
    kinds, values = [kind for kind, _ in identities], [value for _, value in identities]
    return Original(
        returned=await work.fetchval(_RETURNED, original_id),
        replaced_by=await work.fetchval(_LIVE, original_id),
        same_person=await work.fetchval(_SAME_PERSON, original_id, kinds, values),
    )


async def pushed_before(work: UnitOfWork, partner_id: str, external_id: str) -> bool:
    before: bool = await work.fetchval(_PUSHED_BEFORE, partner_id, external_id)
    return before


async def take_slot(work: UnitOfWork, values: Sequence[Any], at: datetime) -> None:
    """`values`: original, replacement, partner, whether it was billable, by whom. The original's row is held."""
    await work.execute(_TAKE, *values, at)


async def accepted_in_slot(work: UnitOfWork, original_id: str) -> str | None:
    """Whom others were told of; it may have been rejected in validation since."""
    replacement_id: str | None = await work.fetchval(_ACCEPTED_IN_SLOT, original_id)
    return replacement_id


async def slot_of(work: UnitOfWork, replacement_id: str) -> Record | None:
    return await work.fetchrow(_OF_LEAD, replacement_id)


async def free_slot(work: UnitOfWork, replacement_id: str) -> None:
    await work.execute(_FREE, replacement_id)


async def mark(work: UnitOfWork, lead_id: str, original_id: str | None, *, billable: bool) -> int:
    """The lead's new version."""
    return int(await work.fetchval(_MARK, lead_id, original_id, billable))
