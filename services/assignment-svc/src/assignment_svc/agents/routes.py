"""HTTP of agents: their report (A1.2) and their assignments (A1.4)."""

from typing import Annotated, Any

from asyncpg import Record
from fastapi import APIRouter, Query
from messaging.database import Database
from pydantic import BaseModel
from servicekit.http import router
from servicekit.identity import Caller
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import not_found

from assignment_svc.agents import store
from assignment_svc.reading.shapes import HistoryOut, WorkItemOut, shaped, work_item
from assignment_svc.scope import require_staff, require_supervisor

Part = Annotated[str | None, Query(min_length=1, max_length=100)]


class Report(BaseModel):
    """`history` has the ten newest entries across all assigned leads."""

    assigned: list[WorkItemOut]
    history: list[HistoryOut]


class AgentOut(BaseModel):
    id: str
    name: str
    open_claims: int


def agent_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/agents", tags=["agents"])

    @routes.get("", summary="Active leads agents, for the picker")
    async def list_agents(caller: Caller, q: Part = None, limit: Limit = 100, cursor: Cursor = None) -> Page[AgentOut]:
        """`q`: a part of the name (A1.5)."""
        require_supervisor(caller)
        past = decode_cursor(cursor, str)
        async with database.unit_of_work() as work:
            rows = await store.list_agents(work, q, past[0] if past else None, limit + 1)
        return page_of(rows, limit, _agent, lambda row: (row["agent_id"],))

    @routes.get("/me/report", summary="The caller's leads and their newest history", response_model=Report)
    async def report(caller: Caller) -> dict[str, Any]:
        require_staff(caller)
        async with database.unit_of_work() as work:
            leads, history = await store.read_report(work, caller.user_id)
        return {"assigned": [work_item(row) for row in leads], "history": history}

    @routes.get("/{agent_id}/assignments", summary="Leads that an agent has")
    async def assignments(agent_id: str, caller: Caller, limit: Limit = 50, cursor: Cursor = None) -> Page[WorkItemOut]:
        require_staff(caller)
        if not caller.is_supervisor and caller.user_id != agent_id:
            raise not_found()
        before = decode_cursor(cursor, str)
        async with database.unit_of_work() as work:
            if not await store.agent_known(work, agent_id):
                raise not_found()
            rows = await store.read_assignments(work, agent_id, before[0] if before else None, limit + 1)
        return page_of(rows, limit, shaped, lambda row: (row["lead_id"],))

    return routes


def _agent(row: Record) -> AgentOut:
    return AgentOut(id=row["agent_id"], name=row["name"], open_claims=row["open_claims"])
