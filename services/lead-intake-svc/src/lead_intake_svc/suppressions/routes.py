"""`/v1/suppressions` (I2.18)."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from lead_intake_svc.suppressions import store
from lead_intake_svc.suppressions.change import add_suppression, remove_suppression
from lead_intake_svc.suppressions.hashing import Hashing
from lead_intake_svc.suppressions.shapes import Kind, NewSuppression, Search, Suppression, normalised
from messaging.database import Database
from servicekit.http import router
from servicekit.http_input import refuse_in_address
from servicekit.identity import Caller
from servicekit.own_transactions import own_transactions
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import not_found

STAFF = ("admin", "supervisor")


def suppressions_router(database: Database, hashing: Hashing) -> APIRouter:
    routes = router(prefix="/v1/suppressions", tags=["suppressions"])

    async def listed(
        wanted: tuple[str | None, Sequence[str] | None, str | None], limit: int, cursor: str | None
    ) -> Page[Suppression]:
        before = decode_cursor(cursor, str)
        async with database.unit_of_work() as work:
            rows = await store.fetch_page(work, wanted, before[0] if before else None, limit + 1)
        return page_of(rows, limit, lambda row: Suppression(**row), lambda row: (row["id"],))

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
        caller.require(*STAFF)
        refuse_in_address(request, "value", instead="POST /v1/suppressions/search")
        return await listed((kind, None, list_id), limit, cursor)

    @routes.post("/search")
    @own_transactions("it reads; an answer that was kept would be people's data at rest")
    async def search(caller: Caller, wanted: Search) -> Page[Suppression]:
        """Every suppression of one number, address or domain, however it is written; of an erased person, too."""
        caller.require(*STAFF)
        value = normalised(wanted.kind, wanted.value, wanted.region)
        return await listed((wanted.kind, [value, hashing(wanted.kind, value)], None), wanted.limit, wanted.cursor)

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
