"""HTTP of campaigns: which agents are ticked (A3.2). Nobody is ticked until somebody is: a new campaign is nobody's."""

import asyncio
from typing import Final

from contracts.events.assignment import CampaignChangedV1
from fastapi import APIRouter
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from pydantic import BaseModel, Field
from servicekit.http import Input, router
from servicekit.identity import Caller, Identity
from servicekit.problems import invalid, not_found

from assignment_svc.campaigns import store
from assignment_svc.reference.store import notice
from assignment_svc.scope import require_supervisor
from assignment_svc.work_items.give_back import give_back
from assignment_svc.work_items.store import find_claims
from assignment_svc.work_items.transition import transition

_LOOKS: Final = 20
_PAUSE_SECONDS: Final = 0.05


class AgentsIn(Input):
    agent_ids: list[str] = Field(max_length=5000)
    release_claims: bool = False


class AgentsOut(BaseModel):
    project_id: str
    agent_ids: list[str]


def campaign_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/campaigns", tags=["campaigns"])

    @routes.get("/{project_id}/agents", summary="The agents who are ticked")
    async def read(project_id: str, caller: Caller) -> AgentsOut:
        require_supervisor(caller)
        await _await_project(database, project_id)
        async with database.unit_of_work() as work:
            return AgentsOut(project_id=project_id, agent_ids=await store.read_agents(work, project_id))

    @routes.put("/{project_id}/agents", summary="Replace the agents who are ticked")
    async def replace(project_id: str, body: AgentsIn, caller: Caller) -> AgentsOut:
        """Claims of those who are unticked finish, or go back without an attempt with `release_claims`."""
        require_supervisor(caller)
        agent_ids = sorted(set(body.agent_ids))
        await _await_project(database, project_id)
        async with database.unit_of_work() as work:
            if await store.find_not_agents(work, agent_ids):
                raise invalid("not-an-agent", "Only leads agents can be on a campaign.", "/agent_ids")
            await _replace(work, caller, project_id, agent_ids, release=body.release_claims)
        return AgentsOut(project_id=project_id, agent_ids=agent_ids)

    return routes


async def _await_project(database: Database, project_id: str) -> None:
    """A project that was made a moment ago may still be on its way here; raises 404 when it does not come."""
    for _ in range(_LOOKS):
        async with database.unit_of_work() as work:
            if await store.project_known(work, project_id):
                return
        await asyncio.sleep(_PAUSE_SECONDS)
    raise not_found()


async def _replace(work: UnitOfWork, caller: Identity, project_id: str, agent_ids: list[str], *, release: bool) -> None:
    version, gone = await store.replace_agents(work, project_id, agent_ids)
    await notice(work)
    event = CampaignChangedV1(project_id=project_id, agent_ids=agent_ids, actor=caller.user_id)
    work.publish(event, sequence=version)
    for agent_id in gone if release else ():
        claims = await find_claims(work, agent_id, project_id)
        await transition(work, [give_back(item, caller.user_id, why="off-campaign") for item in claims])
