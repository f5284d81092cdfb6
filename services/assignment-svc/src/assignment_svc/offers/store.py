"""SQL of offers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from messaging.unit_of_work import UnitOfWork

from assignment_svc.work_items.item import WorkItem
from assignment_svc.work_items.store import ITEM_COLUMNS, item_of

COLUMNS = "o.offer_id, o.lead_id, o.agent_id, o.order_id, o.status, o.sent_at, o.lapses_at"

INSERT = f"""
INSERT INTO offers AS o (offer_id, lead_id, agent_id, order_id, lapses_at)
SELECT $1, l.lead_id, $3, $4, now() + p.offer_lapse FROM leads l JOIN projects p USING (project_id)
WHERE l.lead_id = $2 AND p.written_confirmation RETURNING {COLUMNS}
"""

FIND = f"SELECT {COLUMNS} FROM offers o WHERE o.lead_id = $1 AND o.status = 'sent'"

SET_STATUS = "UPDATE offers SET status = $2 WHERE offer_id = $1 AND status = 'sent'"

# Of those that were reminded; one whose return is open lapses when it is back.
LAPSED = f"""
SELECT {ITEM_COLUMNS}, {COLUMNS} FROM offers o JOIN work_items w USING (lead_id) JOIN leads l USING (lead_id)
WHERE o.offer_id = ANY($1::text[]) AND o.status = 'sent' AND o.lapses_at <= now() AND w.state = 'offer_sent'
"""

AWAITED = """
SELECT p.written_confirmation AND NOT EXISTS (
    SELECT FROM offers o WHERE o.lead_id = l.lead_id AND o.status = 'accepted')
FROM leads l JOIN projects p USING (project_id) WHERE l.lead_id = $1
"""


@dataclass(frozen=True, slots=True)
class Offer:
    offer_id: str
    lead_id: str
    agent_id: str
    order_id: str
    status: str
    sent_at: datetime
    lapses_at: datetime


async def insert_offer(work: UnitOfWork, *ids: str) -> Offer | None:
    """`ids`: offer, lead, agent, order. None in a campaign without written confirmation."""
    row = await work.fetchrow(INSERT, *ids)
    return None if row is None else Offer(*row)


async def find_offer(work: UnitOfWork, lead_id: str) -> Offer | None:
    """The one that waits for its answer."""
    row = await work.fetchrow(FIND, lead_id)
    return None if row is None else Offer(*row)


async def set_status(work: UnitOfWork, offer_id: str, status: str) -> None:
    await work.execute(SET_STATUS, offer_id, status)


async def find_lapsed(work: UnitOfWork, offer_ids: Sequence[str]) -> list[tuple[WorkItem, Offer]]:
    return [(item_of(row), Offer(*tuple(row)[19:])) for row in await work.fetch(LAPSED, offer_ids)]


async def awaits_confirmation(work: UnitOfWork, lead_id: str) -> bool:
    """Whether the lead's campaign demands an acceptance in writing that is not there."""
    return bool(await work.fetchval(AWAITED, lead_id))
