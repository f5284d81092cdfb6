"""HTTP of agents' options (A1.9, A1.10): agents read their own, supervisors write them."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Response
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from pydantic import BaseModel, Field
from servicekit.etag import IfMatch, check_match, etag
from servicekit.http import Input, router
from servicekit.identity import Caller
from servicekit.problems import conflict, not_found

from assignment_svc.agent_options import store
from assignment_svc.agent_options.store import AgentOptions
from assignment_svc.agents.store import agent_known
from assignment_svc.patches import sent
from assignment_svc.scope import require_staff, require_supervisor

LONGEST_SECONDS = 30 * 24 * 3600


class OptionsPatch(Input):
    view_non_partial_orders: bool | None = None
    restrict_to_assigned: bool | None = None
    resolved_visibility_seconds: Annotated[int, Field(ge=0, le=LONGEST_SECONDS)] | None = None


class OptionsOut(BaseModel):
    agent_id: str
    view_non_partial_orders: bool
    restrict_to_assigned: bool
    resolved_visibility_seconds: int
    version: int


def agent_option_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/agents/{agent_id}/options", tags=["agents"])

    @routes.get("", summary="What the agent sees beyond the defaults")
    async def read(agent_id: str, caller: Caller, response: Response) -> OptionsOut:
        require_staff(caller)
        if not caller.is_supervisor and caller.user_id != agent_id:
            raise not_found()
        async with database.unit_of_work() as work:
            return _answer(response, agent_id, await _find(work, agent_id))

    @routes.patch("", summary="Change what the agent sees; holds from the next request on")
    async def change(
        agent_id: str, body: OptionsPatch, caller: Caller, response: Response, if_match: IfMatch = None
    ) -> OptionsOut:
        require_supervisor(caller)
        async with database.unit_of_work() as work:
            found = await _find(work, agent_id)
            check_match(if_match, found.version)
            changed = await store.write_options(work, agent_id, replace(found, **sent(body)))
        if changed is None:
            raise conflict("changed-meanwhile", "Somebody changed these options at the same moment.")
        return _answer(response, agent_id, changed)

    return routes


async def _find(work: UnitOfWork, agent_id: str) -> AgentOptions:
    if not await agent_known(work, agent_id):
        raise not_found()
    return await store.read_options(work, agent_id)


def _answer(response: Response, agent_id: str, options: AgentOptions) -> OptionsOut:
    response.headers["ETag"] = etag(options.version)
    return OptionsOut(
        agent_id=agent_id,
        view_non_partial_orders=options.view_non_partial_orders,
        restrict_to_assigned=options.restrict_to_assigned,
        resolved_visibility_seconds=options.resolved_visibility_seconds,
        version=options.version,
    )
