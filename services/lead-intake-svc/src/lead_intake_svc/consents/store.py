"""SQL of revoking consent."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

_BY_PERSON = """
SELECT DISTINCT lead_id FROM lead_identities WHERE kind = ANY ($1::text[]) AND value = $2
"""
# By id, so that two revocations wait for each other one way only.
_REVOKE = """
WITH held AS (
    SELECT id FROM leads
    WHERE id = ANY ($1::text[]) AND consent_revoked_at IS NULL AND status <> 'rejected'
        AND ($2::text IS NULL OR partner_id = $2)
    ORDER BY id FOR UPDATE
)
UPDATE leads AS l SET consent_revoked_at = $3, version = l.version + 1, updated_at = now() FROM held
WHERE l.id = held.id
RETURNING l.id AS lead_id, l.partner_id, l.project_id, l.sponsor_id, l.contact_list_id, l.test, l.version
"""
_FIND = """
SELECT id, consent_revoked_at FROM leads WHERE id = $1 AND ($2::text IS NULL OR partner_id = $2)
"""


async def leads_of(work: UnitOfWork, kind: str, value: str) -> list[str]:
    rows = await work.fetch(_BY_PERSON, [kind, f"test-{kind}"], value)
    return [row["lead_id"] for row in rows]


async def revoke(work: UnitOfWork, lead_ids: Sequence[str], partner_id: str | None, at: datetime) -> list[Record]:
    """Those that were not revoked before."""
    return await work.fetch(_REVOKE, lead_ids, partner_id, at)


async def find(work: UnitOfWork, lead_id: str, partner_id: str | None) -> Record | None:
    return await work.fetchrow(_FIND, lead_id, partner_id)
