"""SQL of digests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from messaging.unit_of_work import UnitOfWork

# Not for what has a mail of its own already: the recipient may have changed between two deliveries of the same event.
INSERT_ITEMS = """
INSERT INTO digest_items (cause_id, recipient, template, template_version, mode, lead_id, variables, due_at)
SELECT n.cause_id, n.recipient, n.template, (SELECT h.version FROM template_heads h WHERE h.key = n.template),
    n.mode, n.lead_id, n.variables, n.due_at
FROM jsonb_to_recordset($1) AS n(
    cause_id uuid, recipient text, template text, mode text, lead_id text, variables jsonb, due_at timestamptz
)
WHERE NOT EXISTS (SELECT FROM erased_leads x WHERE x.lead_id = n.lead_id)
  AND NOT EXISTS (
    SELECT FROM emails e WHERE (e.cause_id, e.recipient, e.template) = (n.cause_id, n.recipient, n.template)
)
ON CONFLICT DO NOTHING
"""

# A period that has just ended gets a moment for what was on its way into it.
NEXT_DUE = """
SELECT recipient, mode, due_at FROM digest_items
WHERE email_id IS NULL AND due_at <= now() - $1::interval ORDER BY due_at, recipient LIMIT 1
"""
TAKE = """
SELECT cause_id, template, template_version, lead_id, variables, created_at FROM digest_items
WHERE recipient = $1 AND mode = $2 AND due_at = $3 AND email_id IS NULL
ORDER BY created_at, cause_id, template LIMIT $4 FOR UPDATE
"""
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('digests', 5))"
TAKEN = """
UPDATE digest_items d SET email_id = e.id
FROM unnest($2::uuid[], $3::text[]) AS t(cause_id, template),
    (SELECT id FROM emails WHERE cause_id = $4 AND template = 'digest') e
WHERE d.recipient = $1 AND d.cause_id = t.cause_id AND d.template = t.template
"""


@dataclass(frozen=True, slots=True)
class Due:
    """An address, and the period that it is to be told of."""

    recipient: str
    mode: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class DigestItem:
    cause_id: UUID
    template: str
    template_version: int
    lead_id: str | None
    variables: dict[str, Any]
    created_at: datetime


async def insert_items(work: UnitOfWork, items: Sequence[dict[str, Any]]) -> None:
    await work.execute(INSERT_ITEMS, items)


async def next_due(work: UnitOfWork, grace: timedelta) -> Due | None:
    """The one that is due longest. Until the commit nobody else makes digests."""
    await work.execute(LOCK)
    row = await work.fetchrow(NEXT_DUE, grace)
    return None if row is None else Due(**row)


async def take(work: UnitOfWork, due: Due, limit: int) -> list[DigestItem]:
    rows = await work.fetch(TAKE, due.recipient, due.mode, due.due_at, limit)
    return [DigestItem(**row) for row in rows]


async def mark_taken(work: UnitOfWork, due: Due, items: Sequence[DigestItem], digest_cause: UUID) -> None:
    """They are in the digest mail that `digest_cause` names."""
    causes, templates = [item.cause_id for item in items], [item.template for item in items]
    await work.execute(TAKEN, due.recipient, causes, templates, digest_cause)
