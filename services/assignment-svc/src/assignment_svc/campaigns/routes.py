"""HTTP of campaigns: their tabs (A3.1), and which agents are ticked (A3.2).

Nobody is ticked until somebody is: a new campaign is nobody's.
"""

from typing import Annotated, Literal

from asyncpg import Record
from fastapi import APIRouter, Query
from messaging.database import Database
from pydantic import BaseModel, Field
from servicekit.http import Input, router
from servicekit.identity import Caller
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import not_found

from assignment_svc.campaigns import store
from assignment_svc.campaigns.access import require_campaign, require_writable
from assignment_svc.campaigns.tick_agents import compare_agents, tick_agents
from assignment_svc.scope import require_supervisor, scope_of

Id = Annotated[str, Field(min_length=1, max_length=100)]
Tab = Annotated[Literal["active", "passive", "available"], Query()]


class AgentsIn(Input):
    """`release_claims`: left out, the campaign's settings say what becomes of claims of those who are unticked."""

    agent_ids: list[Id] = Field(max_length=5000)
    release_claims: bool | None = None


class AgentsOut(BaseModel):
    project_id: str
    agent_ids: list[str]


class CopyIn(Input):
    from_project_id: Id
    dry_run: bool = False
    release_claims: bool | None = None


class CopyOut(BaseModel):
    project_id: str
    from_project_id: str
    dry_run: bool
    added: list[str]
    removed: list[str]
    kept: list[str]


class CampaignOut(BaseModel):
    project_id: str
    name: str
    state: str
    sponsor_id: str | None
    agents: int


def campaign_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/campaigns", tags=["campaigns"])

    @routes.get("", summary="Campaigns of a tab, by name")
    async def list_campaigns(
        caller: Caller, state: Tab = "active", limit: Limit = 50, cursor: Cursor = None
    ) -> Page[CampaignOut]:
        """Agents see the active ones that they are on."""
        agent_id = scope_of(caller).agent_id
        past = decode_cursor(cursor, str, str)
        async with database.unit_of_work() as work:
            rows = await store.list_campaigns(work, state, agent_id, past, limit + 1)
        return page_of(rows, limit, _campaign, lambda row: (row["sorted_by"], row["project_id"]))

    @routes.get("/{project_id}", summary="A campaign")
    async def read_campaign(project_id: str, caller: Caller) -> CampaignOut:
        async with database.unit_of_work() as work:
            await require_campaign(work, caller, project_id)
            row = await store.find_campaign(work, project_id)
        if row is None:
            raise not_found()
        return _campaign(row)

    @routes.get("/{project_id}/agents", summary="The agents who are ticked")
    async def read(project_id: str, caller: Caller) -> AgentsOut:
        async with database.unit_of_work() as work:
            await require_writable(work, caller, project_id)
            return AgentsOut(project_id=project_id, agent_ids=await store.read_agents(work, project_id))

    @routes.put("/{project_id}/agents", summary="Replace the agents who are ticked")
    async def replace(project_id: str, body: AgentsIn, caller: Caller) -> AgentsOut:
        """Those who are unticked get nothing of it from their next request on."""
        agent_ids = sorted(set(body.agent_ids))
        async with database.unit_of_work() as work:
            await require_writable(work, caller, project_id)
            await tick_agents(work, project_id, caller.user_id, agent_ids, release=body.release_claims)
        return AgentsOut(project_id=project_id, agent_ids=agent_ids)

    @routes.post("/{project_id}/agents/copy", summary="Take over the agents of another campaign, or see what that does")
    async def copy(project_id: str, body: CopyIn, caller: Caller) -> CopyOut:
        require_supervisor(caller)
        async with database.unit_of_work() as work:
            for each in (project_id, body.from_project_id):
                await require_campaign(work, caller, each)
            difference = await compare_agents(work, project_id, body.from_project_id)
            if not body.dry_run and (difference.added or difference.removed):
                agent_ids = sorted([*difference.added, *difference.kept])
                await tick_agents(work, project_id, caller.user_id, agent_ids, release=body.release_claims)
        return CopyOut(
            project_id=project_id,
            from_project_id=body.from_project_id,
            dry_run=body.dry_run,
            added=difference.added,
            removed=difference.removed,
            kept=difference.kept,
        )

    return routes


def _campaign(row: Record) -> CampaignOut:
    return CampaignOut(**{name: row[name] for name in CampaignOut.model_fields})
