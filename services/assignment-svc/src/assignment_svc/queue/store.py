"""SQL of what a claim needs to know beforehand, and of the queue's overview."""

from collections.abc import Sequence
from dataclasses import dataclass

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from assignment_svc.queue.hours import CallingRule, Place, rule_of

# Planning a claim takes as long as claiming twenty leads, and one plan serves all of them: a claim's transaction begins
# with this look at the version, so that nothing more is sent to say so.
# It also says who of those who ask has promised a call by now.
VERSION = """
SELECT version, set_config('plan_cache_mode', 'force_generic_plan', true),
    (SELECT array_agg(DISTINCT c.agent_id) FROM callbacks c
     WHERE c.agent_id = ANY($1::text[]) AND c.status = 'due' AND c.private) AS promised
FROM reference_version
"""

PROJECTS = """
SELECT p.project_id, p.version, p.calling_mode, p.calling_from, p.calling_until, p.calling_days,
    p.available_from, p.available_until, p.handed_out,
    coalesce(array_agg(qp.place_id) FILTER (WHERE qp.place_id IS NOT NULL), '{}') AS place_ids
FROM projects p LEFT JOIN queue_places qp USING (project_id)
WHERE p.state = 'active' GROUP BY p.project_id
"""

PLACES = "SELECT place_id, country, region, zones, hours FROM places"

TICKS = "SELECT agent_id, array_agg(project_id) AS project_ids FROM campaign_agents GROUP BY agent_id"

OVERVIEW = """
SELECT q.project_id, q.place_id, q.ready_at IS NOT NULL AS cooling, count(*) AS leads, min(l.received_at) AS oldest
FROM queue q JOIN leads l USING (lead_id)
WHERE $1::text[] IS NULL OR q.project_id = ANY($1)
GROUP BY 1, 2, 3
"""

NAMES = "SELECT project_id, name, state FROM projects WHERE project_id = ANY($1::text[])"


@dataclass(frozen=True, slots=True)
class ProjectRow:
    project_id: str
    version: int
    rule: CallingRule
    place_ids: tuple[int, ...]
    handed_out: bool


async def read_version(work: UnitOfWork, agent_ids: Sequence[str] = ()) -> tuple[int, list[str]]:
    """The version of what is remembered, and which of the agents have call-backs that are due."""
    row = await work.fetchrow(VERSION, agent_ids)
    assert row is not None  # noqa: S101 -- the one row that there is
    return row["version"], row["promised"] or []


async def read_projects(work: UnitOfWork) -> list[ProjectRow]:
    return [
        ProjectRow(row["project_id"], row["version"], rule_of(row), tuple(row["place_ids"]), row["handed_out"])
        for row in await work.fetch(PROJECTS)
    ]


async def read_places(work: UnitOfWork) -> dict[int, Place]:
    return {
        row["place_id"]: Place(row["country"], row["region"], tuple(row["zones"]), row["hours"])
        for row in await work.fetch(PLACES)
    }


async def read_ticks(work: UnitOfWork) -> dict[str, frozenset[str]]:
    return {row["agent_id"]: frozenset(row["project_ids"]) for row in await work.fetch(TICKS)}


async def read_overview(work: UnitOfWork, project_ids: list[str] | None) -> list[Record]:
    return await work.fetch(OVERVIEW, project_ids)


async def read_names(work: UnitOfWork, project_ids: list[str]) -> dict[str, tuple[str, str]]:
    return {row["project_id"]: (row["name"], row["state"]) for row in await work.fetch(NAMES, project_ids)}
