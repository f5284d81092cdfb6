"""SQL of returns."""

from collections.abc import Sequence
from dataclasses import dataclass

from messaging.unit_of_work import UnitOfWork

UPSERT_RETURNS = """
INSERT INTO returns AS r (return_id, lead_id, version, stands)
SELECT * FROM jsonb_to_recordset($1) AS n(return_id text, lead_id text, version bigint, stands boolean)
ORDER BY return_id
ON CONFLICT (return_id) DO UPDATE SET version = excluded.version, stands = excluded.stands
WHERE r.version < excluded.version
"""

# Whoever has the case on the screen may finish looking; a decision is refused.
TAKE_BACK = """
UPDATE cases c SET leased_by = NULL, lease_token = NULL, leased_until = NULL
WHERE c.lead_id = ANY($1) AND c.leased_by IS NOT NULL
  AND EXISTS (SELECT FROM returns r WHERE r.lead_id = c.lead_id AND r.stands)
"""


@dataclass(frozen=True, slots=True)
class ReturnRow:
    return_id: str
    lead_id: str
    version: int
    stands: bool


async def upsert_returns(work: UnitOfWork, returns: Sequence[ReturnRow]) -> None:
    """One row per return; a version that is not newer than the stored one changes nothing."""
    await work.execute(UPSERT_RETURNS, returns)
    await work.execute(TAKE_BACK, [one.lead_id for one in returns])
