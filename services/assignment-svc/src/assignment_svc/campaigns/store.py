"""SQL of campaigns."""

from collections.abc import Sequence
from typing import Any

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

PROJECT = "SELECT EXISTS (SELECT FROM projects WHERE project_id = $1)"

# An agent is on a campaign by tick, or by a lead that somebody gave to them.
WORKS_FOR = """
SELECT EXISTS (SELECT FROM campaign_agents WHERE agent_id = $1 AND project_id = $2)
    OR EXISTS (SELECT FROM work_items w JOIN leads l USING (lead_id)
        WHERE w.agent_id = $1 AND w.state IN ('claimed', 'callback', 'offer_sent') AND l.project_id = $2)
"""

_CAMPAIGN = """
SELECT p.project_id, p.name, p.state, p.sponsor_id, lower(p.name) AS sorted_by,
    (SELECT count(*) FROM campaign_agents t WHERE t.project_id = p.project_id) AS agents
FROM projects p
"""

CAMPAIGN = _CAMPAIGN + "WHERE p.project_id = $1"

LIST = f"""{_CAMPAIGN}
WHERE p.state = $1 AND ($3::text IS NULL OR (lower(p.name), p.project_id) > ($3, $4))
  AND ($2::text IS NULL OR (p.state = 'active' AND EXISTS (
      SELECT FROM campaign_agents t WHERE t.agent_id = $2 AND t.project_id = p.project_id)))
ORDER BY lower(p.name), p.project_id LIMIT $5
"""

TEMPLATES = "SELECT kind, template_id FROM campaign_templates WHERE project_id = $1 ORDER BY kind, template_id"

NEXT_VERSION = """
INSERT INTO campaigns (project_id, version) VALUES ($1, 1)
ON CONFLICT (project_id) DO UPDATE SET version = campaigns.version + 1 RETURNING version
"""

UNTICK = """
DELETE FROM campaign_agents WHERE project_id = $1 AND agent_id <> ALL($2::text[]) RETURNING agent_id
"""

TICK = """
INSERT INTO campaign_agents (project_id, agent_id) SELECT $1, agent_id FROM unnest($2::text[]) AS agent_id
ON CONFLICT DO NOTHING
"""

TICKED = "SELECT agent_id FROM campaign_agents WHERE project_id = $1 ORDER BY agent_id"

NOT_AGENTS = """
SELECT a.agent_id FROM agents a WHERE a.agent_id = ANY($1::text[]) AND a.access_level <> 'leads_agent'
"""


async def project_known(work: UnitOfWork, project_id: str) -> bool:
    return bool(await work.fetchval(PROJECT, project_id))


async def works_for(work: UnitOfWork, agent_id: str, project_id: str) -> bool:
    return bool(await work.fetchval(WORKS_FOR, agent_id, project_id))


async def find_campaign(work: UnitOfWork, project_id: str) -> Record | None:
    return await work.fetchrow(CAMPAIGN, project_id)


async def list_campaigns(
    work: UnitOfWork, state: str, agent_id: str | None, past: tuple[Any, ...] | None, limit: int
) -> list[Record]:
    """By name; `agent_id`: only active ones that the agent is on."""
    return await work.fetch(LIST, state, agent_id, *(past or (None, None)), limit)


async def next_version(work: UnitOfWork, project_id: str) -> int:
    return int(await work.fetchval(NEXT_VERSION, project_id))


async def read_templates(work: UnitOfWork, project_id: str) -> dict[str, list[str]]:
    """By kind: `email` and `survey`."""
    templates: dict[str, list[str]] = {"email": [], "survey": []}
    for row in await work.fetch(TEMPLATES, project_id):
        templates[row["kind"]].append(row["template_id"])
    return templates


async def replace_agents(work: UnitOfWork, project_id: str, agent_ids: Sequence[str]) -> tuple[int, list[str]]:
    """The campaign's new version, and the agents who are no longer on it."""
    version = await next_version(work, project_id)
    gone = [row["agent_id"] for row in await work.fetch(UNTICK, project_id, agent_ids)]
    await work.execute(TICK, project_id, agent_ids)
    return version, gone


async def read_agents(work: UnitOfWork, project_id: str) -> list[str]:
    return [row["agent_id"] for row in await work.fetch(TICKED, project_id)]


async def find_not_agents(work: UnitOfWork, agent_ids: Sequence[str]) -> list[str]:
    """Users that we know to be no leads agents. Somebody who is not known yet may become one within the second."""
    return [row["agent_id"] for row in await work.fetch(NOT_AGENTS, agent_ids)]
