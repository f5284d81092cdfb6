"""SQL of webhooks that come in."""

from dataclasses import dataclass
from typing import Any

import msgspec
from contracts.events.values import LeadRef
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork

FIND_SENDER = """
SELECT owner_id, incoming_secret FROM webhook_endpoints
WHERE id = $1 AND kind = 'leadwire' AND deleted_at IS NULL AND incoming_secret IS NOT NULL
"""
REMEMBER = "INSERT INTO incoming_webhooks (endpoint_id, webhook_id) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1"
# Only a lead that went out through this endpoint; by the buyer's id, or by ours, which it got as `external_id`.
FIND_LEAD = """
SELECT lead FROM webhook_deliveries
WHERE endpoint_id = $1 AND purpose = 'delivery' AND lead IS NOT NULL AND (remote_id = $2 OR lead_id = $3)
ORDER BY remote_id = $2 DESC NULLS LAST LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class KnownSender:
    owner_id: str
    incoming_secret: bytes


async def find_sender(database: Database, endpoint_id: str) -> KnownSender | None:
    row = await database.reader.fetchrow(FIND_SENDER, endpoint_id)
    return None if row is None else KnownSender(**row)


async def remember(work: UnitOfWork, endpoint_id: str, webhook_id: str) -> bool:
    """False: it was here before."""
    return await work.fetchval(REMEMBER, endpoint_id, webhook_id) is not None


async def find_lead(work: UnitOfWork, endpoint_id: str, remote_id: str, our_id: str | None) -> LeadRef | None:
    row: Any = await work.fetchval(FIND_LEAD, endpoint_id, remote_id, our_id)
    return None if row is None else msgspec.convert(row, LeadRef)
