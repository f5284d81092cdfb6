"""HTTP of reading work items."""

from collections.abc import Callable
from typing import Annotated, Any, Final

from asyncpg import Record
from fastapi import APIRouter, Query, Response
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from pydantic import BaseModel, Field
from servicekit.etag import etag
from servicekit.http import router
from servicekit.identity import Caller, Identity
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import not_found

from assignment_svc.conditions import Conditions
from assignment_svc.editing import find_readable
from assignment_svc.reading.shapes import HistoryOut, WorkItemOut, shaped, work_item_with_lock
from assignment_svc.scope import sight_of
from assignment_svc.work_items import store

Filter = Annotated[str | None, Field(max_length=100)]

_ENTRY: Final = ("at", "event", "actor", "agent_id", "data", "version")


class Filters(BaseModel):
    """What is left out filters nothing."""

    state: Filter = None
    agent_id: Filter = None
    project_id: Filter = None
    limit: int = Field(default=50, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=500)


def work_item_read_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/work-items", tags=["work items"])

    @routes.get("", summary="Work items, newest first")
    async def list_items(caller: Caller, wanted: Annotated[Filters, Query()]) -> Page[WorkItemOut]:
        before = decode_cursor(wanted.cursor, str)
        where = Conditions()
        where.add_given("w.state = ?", wanted.state)
        where.add_given("w.agent_id = ?", wanted.agent_id)
        where.add_given("l.project_id = ?", wanted.project_id)
        where.add_given("w.lead_id < ?", before[0] if before else None)
        async with database.unit_of_work() as work:
            (await sight_of(work, caller)).narrow(where)
            rows = await store.list_views(work, where, wanted.limit + 1)
        return page_of(rows, wanted.limit, shaped, lambda row: (row["lead_id"],))

    @routes.get("/{lead_id}", summary="A work item, and who is editing it", response_model=WorkItemOut)
    async def read(lead_id: str, caller: Caller, response: Response) -> dict[str, Any]:
        async with database.unit_of_work() as work:
            row = await view(work, caller, lead_id)
        response.headers["ETag"] = etag(row["version"])
        return work_item_with_lock(row)

    @routes.get("/{lead_id}/history", summary="What happened, newest first")
    async def history(lead_id: str, caller: Caller, limit: Limit = 50, cursor: Cursor = None) -> Page[HistoryOut]:
        before = decode_cursor(cursor, int)
        async with database.unit_of_work() as work:
            await find_readable(work, caller, lead_id)
            rows = await store.read_history(work, lead_id, before[0] if before else None, limit + 1)
        shape = _history_of(lead_id)
        return page_of(rows, limit, shape, lambda row: (row["position"],))

    return routes


async def view(work: UnitOfWork, caller: Identity, lead_id: str) -> Record:
    """Raises 404 for leads that the caller does not see, 403 for those that are no longer seen."""
    await find_readable(work, caller, lead_id)
    row = await store.read_view(work, lead_id)
    if row is None:
        raise not_found()
    return row


def _history_of(lead_id: str) -> Callable[[Record], HistoryOut]:
    def shape(row: Record) -> HistoryOut:
        return HistoryOut(lead_id=lead_id, **{name: row[name] for name in _ENTRY})

    return shape
