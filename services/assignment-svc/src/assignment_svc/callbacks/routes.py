"""HTTP of call-backs (A3.10)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from pydantic import BaseModel, Field
from servicekit.etag import IfMatch, check_match, etag
from servicekit.http import Input, router
from servicekit.identity import Caller, Identity
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import not_found

from assignment_svc.callbacks import schedule, store
from assignment_svc.callbacks.schedule import Wish
from assignment_svc.callbacks.store import Callback
from assignment_svc.drafts.keep import noting
from assignment_svc.editing import claimed_for_writing, not_locked_by_others
from assignment_svc.locks.routes import LockToken
from assignment_svc.scope import scope_of
from assignment_svc.work_items.hold import hold_one
from assignment_svc.work_items.item import WorkItem
from assignment_svc.work_items.store import find_items

Note = Annotated[str | None, Field(max_length=4000)]


class CallbackIn(Input):
    """`at` with an offset, or without one on the lead's own clock."""

    at: datetime
    private: bool = True
    note: Note = None


class CallbackPatch(Input):
    at: datetime | None = None
    private: bool | None = None
    note: Note = None


class CallbackOut(BaseModel):
    id: str
    lead_id: str
    project_id: str
    agent_id: str
    status: str
    private: bool
    at: datetime
    time_zone: str | None
    note: str | None
    version: int


@dataclass(frozen=True, slots=True)
class Filters:
    agent_id: Annotated[str | None, Query(max_length=100)] = None
    project_id: Annotated[str | None, Query(max_length=100)] = None


def callback_routes(database: Database) -> APIRouter:
    routes = router(tags=["call-backs"])

    @routes.post("/v1/work-items/{lead_id}/callback", status_code=201, summary="Promise a call")
    async def promise(
        lead_id: str, body: CallbackIn, caller: Caller, response: Response, lock_token: LockToken = None
    ) -> CallbackOut:
        wish = Wish(body.at, body.private, body.note)
        async with noting(database, caller, lead_id, body.note) as work:
            item = await claimed_for_writing(work, caller, lead_id, lock_token)
            return _answer(response, await schedule.schedule(work, item, caller.user_id, lock_token or 0, wish))

    @routes.get("/v1/callbacks", summary="Open call-backs, the next one first")
    async def list_callbacks(
        caller: Caller, wanted: Annotated[Filters, Depends()], limit: Limit = 50, cursor: Cursor = None
    ) -> Page[CallbackOut]:
        """Agents see their own."""
        scope = scope_of(caller)
        past = decode_cursor(cursor, datetime, str) or (None, None)
        agent_id = wanted.agent_id if scope.agent_id is None else scope.agent_id
        async with database.unit_of_work() as work:
            rows = await store.list_callbacks(work, agent_id, wanted.project_id, *past, limit + 1)
        return page_of(rows, limit, _out, lambda row: (row.at, row.callback_id))

    @routes.get("/v1/callbacks/{callback_id}", summary="An open call-back")
    async def read(callback_id: str, caller: Caller, response: Response) -> CallbackOut:
        async with database.unit_of_work() as work:
            return _answer(response, await _find(work, caller, callback_id))

    @routes.patch("/v1/callbacks/{callback_id}", summary="Move a call-back, or let others make it")
    async def move(
        callback_id: str, body: CallbackPatch, caller: Caller, response: Response, if_match: IfMatch = None
    ) -> CallbackOut:
        async with database.unit_of_work() as work:
            found = await _find(work, caller, callback_id)
            check_match(if_match, found.version)
            item = await _item(work, caller, found)
            sent = body.model_fields_set
            wish = Wish(
                body.at or found.at,
                found.private if body.private is None else body.private,
                body.note if "note" in sent else found.note,
            )
            return _answer(response, await schedule.move(work, item, caller.user_id, found, wish))

    @routes.delete("/v1/callbacks/{callback_id}", status_code=204, summary="Call a call-back off")
    async def call_off(callback_id: str, caller: Caller) -> None:
        """The lead goes back to where it came from."""
        async with database.unit_of_work() as work:
            found = await _find(work, caller, callback_id)
            await schedule.call_off(work, await _item(work, caller, found), caller.user_id, found)

    return routes


async def _find(work: UnitOfWork, caller: Identity, callback_id: str) -> Callback:
    scope = scope_of(caller)
    found = await store.find_callback(work, callback_id)
    if found is None or scope.agent_id not in {None, found.agent_id}:
        raise not_found()
    return found


async def _item(work: UnitOfWork, caller: Identity, found: Callback) -> WorkItem:
    await hold_one(work, found.lead_id)
    await not_locked_by_others(work, caller, found.lead_id)
    return (await find_items(work, [found.lead_id]))[found.lead_id]


def _out(one: Callback) -> CallbackOut:
    return CallbackOut(
        id=one.callback_id,
        **{
            name: getattr(one, name)
            for name in ("lead_id", "project_id", "agent_id", "status", "private", "at", "time_zone", "note", "version")
        },
    )


def _answer(response: Response, one: Callback) -> CallbackOut:
    response.headers["ETag"] = etag(one.version)
    return _out(one)
