"""SQL of presence."""

from collections.abc import Sequence
from datetime import timedelta

from messaging.unit_of_work import UnitOfWork

from assignment_svc.work_items.item import WorkItem
from assignment_svc.work_items.store import CALLED, ITEM_COLUMNS, item_of

# Who comes back is looked after again: somebody asks, in time, whether they have gone.
NOTE = """
WITH before AS MATERIALIZED (
    SELECT agent_id, seen_at FROM agents WHERE agent_id = $1 FOR NO KEY UPDATE
), noted AS (
    UPDATE agents a SET seen_at = now() FROM before b WHERE a.agent_id = b.agent_id
    RETURNING a.agent_id, b.seen_at IS NULL OR b.seen_at <= now() - $2::interval AS came_back
), watched AS (
    INSERT INTO timers (kind, subject, due_at) SELECT 'offline', agent_id, now() + $2 FROM noted WHERE came_back
)
SELECT agent_id FROM noted
"""

STILL_THERE = """
INSERT INTO timers (kind, subject, due_at)
SELECT 'offline', agent_id, seen_at + $2::interval FROM agents
WHERE agent_id = ANY($1::text[]) AND seen_at > now() - $2
RETURNING subject
"""

# What somebody was given by hand stays theirs overnight; what they took, or a rule gave them, does not.
IDLE = f"""
SELECT {ITEM_COLUMNS} FROM work_items w JOIN leads l USING (lead_id) JOIN projects p ON p.project_id = l.project_id
CROSS JOIN LATERAL (
    SELECT h.event, h.data FROM history h
    WHERE h.lead_id = w.lead_id AND h.event IN ('claimed', 'assigned', 'reassigned') ORDER BY h.position DESC LIMIT 1
) came
WHERE w.agent_id = ANY($1::text[]) AND w.state = 'claimed' AND p.state = 'active'
  AND (came.event = 'claimed' OR came.data ->> 'via' = 'rule')
  AND NOT {CALLED}
"""

# After a pause of the project nobody was watched for it.
WATCH_HOLDERS = """
INSERT INTO timers (kind, subject, due_at)
SELECT DISTINCT 'offline', w.agent_id, now() + $2::interval FROM work_items w JOIN leads l USING (lead_id)
WHERE l.project_id = $1 AND w.state = 'claimed'
"""


async def note(work: UnitOfWork, agent_id: str, offline_after: timedelta) -> bool:
    """False for somebody who is not known here as an agent, yet."""
    return await work.fetchval(NOTE, agent_id, offline_after) is not None


async def find_still_there(work: UnitOfWork, agent_ids: Sequence[str], offline_after: timedelta) -> set[str]:
    """Who was seen since; they are watched on."""
    return {row["subject"] for row in await work.fetch(STILL_THERE, agent_ids, offline_after)}


async def find_idle_claims(work: UnitOfWork, agent_ids: Sequence[str]) -> list[WorkItem]:
    """Claims in active projects without a call since."""
    return [item_of(row) for row in await work.fetch(IDLE, agent_ids)]


async def watch_holders(work: UnitOfWork, project_id: str, after: timedelta) -> None:
    await work.execute(WATCH_HOLDERS, project_id, after)
