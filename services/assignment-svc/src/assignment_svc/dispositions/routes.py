"""HTTP of dispositions: everybody who works with leads reads them, supervisors write them."""

from dataclasses import replace
from typing import Annotated

from contracts.ids import new_id
from fastapi import APIRouter, Query, Response
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from pydantic import BaseModel, Field
from servicekit.etag import IfMatch, check_match, etag
from servicekit.http import Input, router
from servicekit.identity import Caller
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import conflict, not_found

from assignment_svc.dispositions import store
from assignment_svc.dispositions.store import Disposition
from assignment_svc.patches import sent
from assignment_svc.scope import require_staff, require_supervisor

Name = Annotated[str, Field(min_length=1, max_length=100)]
DispositionKind = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,39}$")]


class DispositionIn(Input):
    name: Name
    kind: DispositionKind
    call_centre: Name = "main"


class DispositionPatch(Input):
    name: Name | None = None
    kind: DispositionKind | None = None
    call_centre: Name | None = None
    active: bool | None = None


class DispositionOut(BaseModel):
    id: str
    name: str
    kind: str
    call_centre: str
    active: bool
    version: int


def disposition_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/dispositions", tags=["dispositions"])

    @routes.get("", summary="Dispositions")
    async def list_dispositions(
        caller: Caller,
        kind: Annotated[str | None, Query(max_length=40)] = None,
        active: bool | None = None,
        limit: Limit = 100,
        cursor: Cursor = None,
    ) -> Page[DispositionOut]:
        require_staff(caller)
        past = decode_cursor(cursor, str)
        async with database.unit_of_work() as work:
            rows = await store.list_dispositions(work, kind, active, past[0] if past else None, limit + 1)
        return page_of(rows, limit, _out, lambda row: (row.disposition_id,))

    @routes.post("", status_code=201, summary="Add a disposition")
    async def add(body: DispositionIn, caller: Caller, response: Response) -> DispositionOut:
        require_supervisor(caller)
        new = Disposition(new_id("dsp"), 1, body.name, body.kind, body.call_centre, active=True)
        async with database.unit_of_work() as work:
            return _answer(response, await store.insert_disposition(work, new))

    @routes.get("/{disposition_id}", summary="A disposition")
    async def read(disposition_id: str, caller: Caller, response: Response) -> DispositionOut:
        require_staff(caller)
        async with database.unit_of_work() as work:
            return _answer(response, await _find(work, disposition_id))

    @routes.patch("/{disposition_id}", summary="Change a disposition, or take it out of use")
    async def change(
        disposition_id: str, body: DispositionPatch, caller: Caller, response: Response, if_match: IfMatch = None
    ) -> DispositionOut:
        require_supervisor(caller)
        async with database.unit_of_work() as work:
            found = await _find(work, disposition_id)
            check_match(if_match, found.version)
            changed = await store.update_disposition(work, replace(found, **sent(body)))
        if changed is None:
            raise conflict("changed-meanwhile", "Somebody changed this disposition at the same moment.")
        return _answer(response, changed)

    @routes.delete(
        "/{disposition_id}",
        summary="Remove a disposition; a used one is taken out of use",
        response_model=None,
        responses={200: {"model": DispositionOut, "description": "It was used, and is out of use now."}, 204: {}},
    )
    async def delete(disposition_id: str, caller: Caller, response: Response) -> DispositionOut | Response:
        require_supervisor(caller)
        async with database.unit_of_work() as work:
            found = await _find(work, disposition_id)
            if not await store.is_used(work, disposition_id):
                await store.delete_disposition(work, disposition_id)
                return Response(status_code=204)
            kept = await store.update_disposition(work, replace(found, active=False))
        if kept is None:
            raise conflict("changed-meanwhile", "Somebody changed this disposition at the same moment.")
        return _answer(response, kept)

    return routes


async def _find(work: UnitOfWork, disposition_id: str) -> Disposition:
    found = await store.find_disposition(work, disposition_id)
    if found is None:
        raise not_found()
    return found


def _out(row: Disposition) -> DispositionOut:
    return DispositionOut(
        id=row.disposition_id,
        name=row.name,
        kind=row.kind,
        call_centre=row.call_centre,
        active=row.active,
        version=row.version,
    )


def _answer(response: Response, row: Disposition) -> DispositionOut:
    response.headers["ETag"] = etag(row.version)
    return _out(row)
