"""HTTP of what agents and supervisors do with a lead."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from pydantic import AwareDatetime, BaseModel, Field
from servicekit.http import Input, router
from servicekit.identity import Caller

from assignment_svc.drafts.keep import noting
from assignment_svc.editing import claimed_and_held, claimed_for_writing, open_for_writing
from assignment_svc.locks.routes import LockToken
from assignment_svc.orders.write_order import convert
from assignment_svc.reading.shapes import WorkItemOut, work_item
from assignment_svc.steps import attempts, by_agents
from assignment_svc.steps.attempts import Attempt
from assignment_svc.work_items import store
from assignment_svc.work_items.transition import touch

Note = Annotated[str | None, Field(max_length=4000)]
Reason = Annotated[str, Field(min_length=1, max_length=400)]


class ReleaseIn(Input):
    note: Note = None


class NoteIn(Input):
    note: str = Field(min_length=1, max_length=4000)


class ResolveIn(Input):
    disposition_id: str = Field(min_length=1, max_length=100)
    note: Note = None


class ReasonIn(Input):
    reason: Reason


class AttemptIn(Input):
    outcome: str = Field(min_length=1, max_length=100)
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    contacted: bool | None = None


class AttemptOut(BaseModel):
    id: str
    lead_id: str
    agent_id: str
    number: int
    outcome: str
    contacted: bool
    started_at: datetime
    ended_at: datetime | None


def work_item_write_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/work-items/{lead_id}", tags=["work items"])

    @routes.post("/attempts", status_code=201, summary="Log a call")
    async def attempt(lead_id: str, body: AttemptIn, caller: Caller, lock_token: LockToken = None) -> AttemptOut:
        made = Attempt(body.outcome, body.started_at, body.ended_at, body.contacted)
        async with database.unit_of_work() as work:
            item = await claimed_for_writing(work, caller, lead_id, lock_token)
            event = await attempts.log_attempt(work, item, caller.user_id, lock_token or 0, made)
        fields = ("agent_id", "number", "outcome", "contacted", "started_at", "ended_at")
        return AttemptOut(id=event.attempt_id, lead_id=lead_id, **{name: getattr(event, name) for name in fields})

    @routes.post("/release", summary="Put back into the queue", response_model=WorkItemOut)
    async def release(
        lead_id: str, caller: Caller, body: ReleaseIn | None = None, lock_token: LockToken = None
    ) -> dict[str, Any]:
        note = None if body is None else body.note
        async with noting(database, caller, lead_id, note) as work:
            item = await claimed_for_writing(work, caller, lead_id, lock_token)
            await by_agents.release(work, item, caller.user_id, lock_token or 0, note)
            return await shown(work, lead_id)

    @routes.post("/resolve", summary="Close without a sale", response_model=WorkItemOut)
    async def resolve(lead_id: str, body: ResolveIn, caller: Caller, lock_token: LockToken = None) -> dict[str, Any]:
        given = (body.disposition_id, body.note)
        async with noting(database, caller, lead_id, body.note) as work:
            item = await claimed_for_writing(work, caller, lead_id, lock_token)
            await by_agents.resolve(work, item, caller.user_id, lock_token or 0, given)
            return await shown(work, lead_id)

    @routes.post("/convert", summary="Complete the newest order", response_model=WorkItemOut)
    async def convert_lead(lead_id: str, caller: Caller, lock_token: LockToken = None) -> dict[str, Any]:
        async with database.unit_of_work() as work:
            item = await claimed_and_held(work, caller, lead_id, lock_token)
            await convert(work, item, caller.user_id, lock_token or 0)
            return await shown(work, lead_id)

    @routes.post("/invalidate", summary="Say that the lead is no lead", response_model=WorkItemOut)
    async def invalidate(lead_id: str, body: ReasonIn, caller: Caller, lock_token: LockToken = None) -> dict[str, Any]:
        async with noting(database, caller, lead_id, body.reason) as work:
            item = await claimed_for_writing(work, caller, lead_id, lock_token)
            await by_agents.invalidate(work, item, caller.user_id, lock_token or 0, body.reason)
            return await shown(work, lead_id)

    @routes.post("/notes", status_code=201, summary="Add a note to the customer's history", response_model=WorkItemOut)
    async def note(lead_id: str, body: NoteIn, caller: Caller, lock_token: LockToken = None) -> dict[str, Any]:
        async with database.unit_of_work() as work:
            item = await open_for_writing(work, caller, lead_id, lock_token)
            await touch(work, item, caller.user_id, ("noted", {"note": body.note}), lock_token)
            return await shown(work, lead_id)

    return routes


async def shown(work: UnitOfWork, lead_id: str) -> dict[str, Any]:
    """The item as it is after the caller's step, who need not see it any more."""
    row = await store.read_view(work, lead_id)
    assert row is not None  # noqa: S101 -- the step found it, and leads stay
    return work_item(row)
