"""HTTP of what supervisors do: assign, take away, hand over, move, reopen."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from pydantic import Field
from servicekit.http import Input, router
from servicekit.identity import Caller, Identity

from assignment_svc.editing import find_visible
from assignment_svc.reading.shapes import WorkItemOut
from assignment_svc.scope import READ_PENDING, require_staff, require_supervisor
from assignment_svc.steps import by_supervisors as steps
from assignment_svc.steps.agent_routes import ReasonIn, shown
from assignment_svc.work_items.item import PENDING, WorkItem

Id = Annotated[str, Field(min_length=1, max_length=100)]
Step = Callable[[UnitOfWork, WorkItem], Awaitable[None]]


class AssignIn(Input):
    lead_id: Id
    agent_id: Id


class ReassignIn(Input):
    agent_id: Id


def supervise_routes(database: Database) -> APIRouter:
    routes = router(tags=["assignments"])

    async def take(caller: Identity, lead_id: str, step: Step) -> dict[str, Any]:
        require_supervisor(caller)
        async with database.unit_of_work() as work:
            await step(work, await find_visible(work, caller, lead_id))
            return await shown(work, lead_id)

    async def take_permitted(caller: Identity, lead_id: str, step: Step) -> dict[str, Any]:
        """Of pending leads, those who may see them may move and assign them (A2.4)."""
        require_staff(caller)
        async with database.unit_of_work() as work:
            item = await find_visible(work, caller, lead_id)
            if item.state != PENDING or READ_PENDING not in caller.permissions:
                require_supervisor(caller)
            await step(work, item)
            return await shown(work, lead_id)

    @routes.post("/v1/assignments", status_code=201, summary="Assign by hand", response_model=WorkItemOut)
    async def assign(body: AssignIn, caller: Caller) -> dict[str, Any]:
        return await take_permitted(
            caller, body.lead_id, lambda work, item: steps.assign(work, item, caller.user_id, body.agent_id)
        )

    @routes.post("/v1/work-items/{lead_id}/unassign", summary="Take away", response_model=WorkItemOut)
    async def unassign(lead_id: str, caller: Caller) -> dict[str, Any]:
        return await take(caller, lead_id, lambda work, item: steps.unassign(work, item, caller.user_id))

    @routes.post("/v1/work-items/{lead_id}/reassign", summary="Hand over", response_model=WorkItemOut)
    async def reassign(lead_id: str, body: ReassignIn, caller: Caller) -> dict[str, Any]:
        return await take(caller, lead_id, lambda work, item: steps.reassign(work, item, caller.user_id, body.agent_id))

    @routes.post("/v1/work-items/{lead_id}/reopen", summary="Reopen a closed lead", response_model=WorkItemOut)
    async def reopen(lead_id: str, body: ReasonIn, caller: Caller) -> dict[str, Any]:
        return await take(caller, lead_id, lambda work, item: steps.reopen(work, item, caller.user_id, body.reason))

    @routes.post("/v1/work-items/{lead_id}/queue", summary="Move into the queue", response_model=WorkItemOut)
    async def enqueue(lead_id: str, caller: Caller) -> dict[str, Any]:
        return await take_permitted(
            caller, lead_id, lambda work, item: steps.relocate(work, item, caller.user_id, "queue")
        )

    @routes.post("/v1/work-items/{lead_id}/pend", summary="Move out of the queue", response_model=WorkItemOut)
    async def pend(lead_id: str, caller: Caller) -> dict[str, Any]:
        return await take(caller, lead_id, lambda work, item: steps.relocate(work, item, caller.user_id, "pending"))

    return routes
