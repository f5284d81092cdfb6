"""SQL of billing."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from validation_svc.cases.store import COLUMNS

# What intake said holds until somebody flips it.
FLIP = f"""
WITH c AS (
    UPDATE cases AS c SET billable = $3, version = c.version + 1
    WHERE lead_id = $1 AND ($2::text[] IS NULL OR sponsor_id = ANY($2)) AND state IN ('confirmed', 'released')
      AND COALESCE(c.billable, (c.content ->> 'billable')::boolean, true) <> $3
      AND ($2::text[] IS NULL OR c.delivered_at IS NOT NULL
           OR COALESCE(c.content ->> 'after_validation', 'queue') = 'queue')
    RETURNING c.*
), noted AS (
    INSERT INTO case_notes (lead_id, version, by, status, text)
    SELECT lead_id, version, $4, CASE WHEN $3 THEN 'revalidated' ELSE 'invalidated' END, $5 FROM c
)
SELECT {COLUMNS} FROM c
"""

READ_BILLING = """
SELECT state, COALESCE(billable, (content ->> 'billable')::boolean, true) AS billable
FROM cases WHERE lead_id = $1 AND ($2::text[] IS NULL OR sponsor_id = ANY($2))
"""

KEEP_DELIVERIES = """
UPDATE cases c SET delivered_at = LEAST(c.delivered_at, d.at)
FROM (SELECT lead_id, min(at) AS at FROM unnest($1::text[], $2::timestamptz[]) AS t(lead_id, at) GROUP BY 1) d
WHERE c.lead_id = d.lead_id
"""


async def flip(
    work: UnitOfWork, lead_id: str, sponsor_ids: Sequence[str] | None, *, billable: bool, by: tuple[str, str]
) -> Record | None:
    """`sponsor_ids`: only a lead of theirs, and only once they got it. `by`: who, and the reason."""
    return await work.fetchrow(FLIP, lead_id, sponsor_ids, billable, *by)


async def read_billing(work: UnitOfWork, lead_id: str, sponsor_ids: Sequence[str] | None) -> Record | None:
    return await work.fetchrow(READ_BILLING, lead_id, sponsor_ids)


async def keep_deliveries(work: UnitOfWork, lead_ids: Sequence[str], moments: Sequence[datetime]) -> None:
    """The earliest of each lead counts, whatever the order."""
    await work.execute(KEEP_DELIVERIES, lead_ids, moments)
