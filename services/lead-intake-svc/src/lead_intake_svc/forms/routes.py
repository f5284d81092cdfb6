"""`/v1/forms`: how forms are set up (I2.28)."""

from contracts.ids import new_id
from fastapi import APIRouter, Response
from messaging.database import Database
from servicekit.etag import IfMatch, etag
from servicekit.http import router
from servicekit.identity import Caller
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import invalid, not_found

from lead_intake_svc import scope
from lead_intake_svc.forms import store
from lead_intake_svc.forms.change_form import change_form
from lead_intake_svc.forms.shapes import Form, FormChange, NewForm
from lead_intake_svc.partners.store import find as find_partner

STAFF = ("admin", "supervisor")


def forms_router(database: Database) -> APIRouter:
    routes = router(prefix="/v1/forms", tags=["forms"])

    @routes.post("", status_code=201)
    async def create(caller: Caller, wanted: NewForm, response: Response) -> Form:
        caller.require(*STAFF)
        async with database.unit_of_work() as work:
            if await find_partner(work, wanted.partner_id) is None:
                raise invalid("partner-unknown", "There is no such partner.", "/partner_id")
            row = await store.insert(work, new_id("frm"), wanted.partner_id, wanted.model_dump())
        response.headers["ETag"] = etag(row["version"])
        return Form(**row)

    @routes.get("")
    async def list_forms(caller: Caller, limit: Limit = 50, cursor: Cursor = None) -> Page[Form]:
        only, before = scope.partners_of(caller), decode_cursor(cursor, str)
        async with database.unit_of_work() as work:
            rows = await store.fetch_page(work, only, before[0] if before else None, limit + 1)
        return page_of(rows, limit, lambda row: Form(**row), lambda row: (row["id"],))

    @routes.get("/{form_id}")
    async def read(caller: Caller, form_id: str, response: Response) -> Form:
        only = scope.partners_of(caller)
        async with database.unit_of_work() as work:
            row = await store.find(work, form_id, only)
        if row is None:
            raise not_found()
        response.headers["ETag"] = etag(row["version"])
        return Form(**row)

    @routes.patch("/{form_id}")
    async def change(
        caller: Caller, form_id: str, wanted: FormChange, response: Response, if_match: IfMatch = None
    ) -> Form:
        caller.require(*STAFF)
        async with database.unit_of_work() as work:
            row = await change_form(work, form_id, wanted, if_match)
        response.headers["ETag"] = etag(row["version"])
        return Form(**row)

    @routes.delete("/{form_id}", status_code=204)
    async def remove(caller: Caller, form_id: str) -> Response:
        caller.require(*STAFF)
        async with database.unit_of_work() as work:
            if not await store.delete(work, form_id):
                raise not_found()
        return Response(status_code=204)

    return routes
