"""`/v1/suppressions` (I2.18)."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from lead_intake_svc.suppressions import store
from lead_intake_svc.suppressions.change import add_suppression, remove_suppression
from lead_intake_svc.suppressions.shapes import Kind, NewSuppression, Search, Suppression
from messaging.database import Database
from servicekit.http import router
from servicekit.http_input import refuse_in_address
from servicekit.identity import Caller
from servicekit.own_transactions import own_transactions
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import not_found

STAFF = ("admin", "supervisor")


def suppressions_router(database: Database) -> APIRouter:
    routes = router(prefix="/v1/suppressions", tags=["suppressions"])

    @routes.post("", status_code=201)
    async def add(caller: Caller, wanted: NewSuppression, response: Response) -> Suppression:
        caller.require(*STAFF)
        async with database.unit_of_work() as work:
            row, new = await add_suppression(work, wanted)
        response.status_code = 201 if new else 200
        return Suppression(**row)

    @routes.get("")
    async def list_suppressions(  # noqa: PLR0913, PLR0917 -- each is a filter of the query
        request: Request,
        caller: Caller,
        kind: Kind | None = None,
        list_id: Annotated[str | None, Query(max_length=100)] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[Suppression]:
        """Whom one is of is asked for in a body: `POST /v1/suppressions/search`."""
        refuse_in_address(request, "value", instead="POST /v1/suppressions/search")
        return await _found(database, caller, Search(kind=kind, list_id=list_id, limit=limit, cursor=cursor))

    @routes.post("/search")
    @own_transactions("it reads; an answer that was kept would be people's data at rest")
    async def search(caller: Caller, wanted: Search) -> Page[Suppression]:
        return await _found(database, caller, wanted)

    @routes.get("/{suppression_id}")
    async def read(caller: Caller, suppression_id: str) -> Suppression:
        caller.require(*STAFF)
        async with database.unit_of_work() as work:
            row = await store.find(work, suppression_id)
        if row is None:
            raise not_found()
        return Suppression(**row)

    @routes.delete("/{suppression_id}", status_code=204)
    async def remove(caller: Caller, suppression_id: str) -> Response:
        caller.require(*STAFF)
        async with database.unit_of_work() as work:
            await remove_suppression(work, suppression_id)
        return Response(status_code=204)

    return routes


async def _found(database: Database, caller: Caller, wanted: Search) -> Page[Suppression]:
    caller.require(*STAFF)
    before = decode_cursor(wanted.cursor, str)
    asked = (wanted.kind, wanted.value, wanted.list_id)
    async with database.unit_of_work() as work:
        rows = await store.fetch_page(work, asked, before[0] if before else None, wanted.limit + 1)
    return page_of(rows, wanted.limit, lambda row: Suppression(**row), lambda row: (row["id"],))
