"""SQL of the purchases whose partner is not known yet."""

from collections.abc import Sequence

import msgspec
from contracts.envelope import Trace
from contracts.events.values import LeadRef
from messaging.unit_of_work import UnitOfWork

from notify_svc.erasure.store import hold_off_erasure
from notify_svc.purchases.mails import Purchase

KEEP_WAITING = """
INSERT INTO waiting_purchases (cause_id, partner_id, lead, facts, trace)
SELECT * FROM jsonb_to_recordset($1)
    AS w(cause_id uuid, partner_id text, lead jsonb, facts jsonb, trace jsonb)
WHERE NOT EXISTS (SELECT FROM erased_leads x WHERE x.lead_id = w.lead ->> 'lead_id')
ON CONFLICT DO NOTHING
"""

TAKE_WAITING = """
DELETE FROM waiting_purchases WHERE partner_id = ANY($1) RETURNING cause_id, partner_id, lead, facts, trace
"""


async def keep_waiting(work: UnitOfWork, purchases: Sequence[Purchase]) -> None:
    """Their partners must be held (`hold_partners`)."""
    if purchases:
        await hold_off_erasure(work)
        await work.execute(KEEP_WAITING, purchases)


async def take_waiting(work: UnitOfWork, partner_ids: Sequence[str]) -> list[Purchase]:
    await hold_off_erasure(work)
    rows = await work.fetch(TAKE_WAITING, partner_ids)
    return [
        Purchase(
            row["cause_id"],
            row["partner_id"],
            msgspec.convert(row["lead"], LeadRef),
            row["facts"],
            msgspec.convert(row["trace"], Trace),
        )
        for row in rows
    ]
