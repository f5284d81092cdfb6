"""HTTP of batch assignment (A1.7) and its log."""

from datetime import datetime
from typing import Annotated, Self

from asyncpg import Record
from fastapi import APIRouter
from messaging.database import Database
from pydantic import BaseModel, Field, model_validator
from servicekit.http import Input, router
from servicekit.identity import Caller
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import not_found

from assignment_svc.assignments import store
from assignment_svc.assignments.assign_batch import assign_batch
from assignment_svc.scope import require_supervisor
from assignment_svc.steps.by_supervisors import require_agent

Id = Annotated[str, Field(min_length=1, max_length=100)]


class BatchIn(Input):
    """Either leads or orders."""

    lead_ids: list[Id] = Field(default=[], max_length=500)
    order_ids: list[Id] = Field(default=[], max_length=500)
    agent_id: Id

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if bool(self.lead_ids) == bool(self.order_ids):
            raise ValueError("Give either lead_ids or order_ids, with at least one id.")
        return self


class ResultOut(BaseModel):
    index: int
    status: str
    code: str | None = None
    detail: str | None = None
    id: str | None = None


class BatchOut(BaseModel):
    id: str
    agent_id: str
    assigned: int
    results: list[ResultOut]


class LogOut(BatchOut):
    at: datetime
    actor: str


class LogEntry(BaseModel):
    id: str
    at: datetime
    actor: str
    agent_id: str
    leads: int
    assigned: int


def assignment_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/assignments/batch", tags=["assignments"])

    @routes.post("", summary="Assign up to 500 leads to an agent")
    async def assign(body: BatchIn, caller: Caller) -> BatchOut:
        require_supervisor(caller)
        async with database.unit_of_work() as work:
            await require_agent(work, body.agent_id)
            ids = (body.lead_ids, body.order_ids)
            batch_id, results = await assign_batch(work, caller.user_id, body.agent_id, ids)
        shown = [ResultOut.model_validate(result, from_attributes=True) for result in results]
        assigned = sum(result.status == "ok" for result in results)
        return BatchOut(id=batch_id, agent_id=body.agent_id, assigned=assigned, results=shown)

    @routes.get("", summary="The log of batches, newest first")
    async def list_batches(caller: Caller, limit: Limit = 50, cursor: Cursor = None) -> Page[LogEntry]:
        require_supervisor(caller)
        before = decode_cursor(cursor, str)
        async with database.unit_of_work() as work:
            rows = await store.list_batches(work, before[0] if before else None, limit + 1)
        return page_of(rows, limit, _entry, lambda row: (row["batch_id"],))

    @routes.get("/{batch_id}", summary="A batch, with the result of every row")
    async def read(batch_id: str, caller: Caller) -> LogOut:
        require_supervisor(caller)
        async with database.unit_of_work() as work:
            row = await store.find_batch(work, batch_id)
        if row is None:
            raise not_found()
        results = [ResultOut.model_validate(result) for result in row["results"]]
        return LogOut(
            id=row["batch_id"],
            agent_id=row["agent_id"],
            assigned=sum(result.status == "ok" for result in results),
            results=results,
            at=row["at"],
            actor=row["actor"],
        )

    return routes


def _entry(row: Record) -> LogEntry:
    fields = {name: row[name] for name in ("at", "actor", "agent_id", "leads", "assigned")}
    return LogEntry(id=row["batch_id"], **fields)
