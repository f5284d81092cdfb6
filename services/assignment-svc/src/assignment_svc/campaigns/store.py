"""SQL of campaigns."""

from collections.abc import Sequence

from messaging.unit_of_work import UnitOfWork

PROJECT = "SELECT EXISTS (SELECT FROM projects WHERE project_id = $1)"

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


async def replace_agents(work: UnitOfWork, project_id: str, agent_ids: Sequence[str]) -> tuple[int, list[str]]:
    """The campaign's new version, and the agents who are no longer on it."""
    version = int(await work.fetchval(NEXT_VERSION, project_id))
    gone = [row["agent_id"] for row in await work.fetch(UNTICK, project_id, agent_ids)]
    await work.execute(TICK, project_id, agent_ids)
    return version, gone


async def read_agents(work: UnitOfWork, project_id: str) -> list[str]:
    return [row["agent_id"] for row in await work.fetch(TICKED, project_id)]


async def find_not_agents(work: UnitOfWork, agent_ids: Sequence[str]) -> list[str]:
    """Users that we know to be no leads agents. Somebody who is not known yet may become one within the second."""
    return [row["agent_id"] for row in await work.fetch(NOT_AGENTS, agent_ids)]
