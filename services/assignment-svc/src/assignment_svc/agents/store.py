"""SQL of what an agent has."""

from typing import Any

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from assignment_svc.work_items.store import VIEW_COLUMNS, VIEW_TABLES

# A1.2: the ten newest entries across all leads, not ten each. The index on (lead, position) gives ten of each lead.
REPORT = f"""
WITH assigned AS (
    SELECT {VIEW_COLUMNS} FROM {VIEW_TABLES} WHERE w.agent_id = $1 AND w.state IN ('claimed', 'callback', 'offer_sent')
), newest AS (
    SELECT h.* FROM assigned a CROSS JOIN LATERAL (
        SELECT * FROM history h WHERE h.lead_id = a.lead_id ORDER BY h.position DESC LIMIT 10) h
    ORDER BY h.position DESC LIMIT 10
)
SELECT (SELECT coalesce(jsonb_agg(to_jsonb(a) ORDER BY a.claimed_at DESC, a.lead_id), '[]') FROM assigned a) AS leads,
    (SELECT coalesce(jsonb_agg(to_jsonb(n) ORDER BY n.position DESC), '[]') FROM newest n) AS history
"""

ASSIGNMENTS = f"""
SELECT {VIEW_COLUMNS} FROM {VIEW_TABLES}
WHERE w.agent_id = $1 AND w.state IN ('claimed', 'callback', 'offer_sent') AND ($2::text IS NULL OR w.lead_id < $2)
ORDER BY w.lead_id DESC LIMIT $3
"""

KNOWN = "SELECT EXISTS (SELECT FROM agents WHERE agent_id = $1)"

LIST = """
SELECT agent_id, name, open_claims FROM agents
WHERE active AND access_level = 'leads_agent' AND ($1::text IS NULL OR strpos(lower(name), lower($1)) > 0)
  AND ($2::text IS NULL OR agent_id > $2)
ORDER BY agent_id LIMIT $3
"""


async def read_report(work: UnitOfWork, agent_id: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Assigned leads with VIEW_COLUMNS, and history entries."""
    row = await work.fetchrow(REPORT, agent_id)
    return ([], []) if row is None else (row["leads"], row["history"])


async def read_assignments(work: UnitOfWork, agent_id: str, before: str | None, limit: int) -> list[Record]:
    return await work.fetch(ASSIGNMENTS, agent_id, before, limit)


async def agent_known(work: UnitOfWork, agent_id: str) -> bool:
    return bool(await work.fetchval(KNOWN, agent_id))


async def list_agents(work: UnitOfWork, part: str | None, past: str | None, limit: int) -> list[Record]:
    """Whose name holds `part`."""
    return await work.fetch(LIST, part, past, limit)
