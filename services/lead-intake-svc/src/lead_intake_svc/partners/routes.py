"""`/v1/partners` (I2.1, I2.3, I2.7)."""

from fastapi import APIRouter, Request, Response
from lead_intake_svc import scope
from lead_intake_svc.partners import store
from lead_intake_svc.partners.change_partner import change_partner
from lead_intake_svc.partners.create_partner import create_partner
from lead_intake_svc.partners.shapes import NewPartner, Partner, PartnerChange
from messaging.database import Database
from servicekit.etag import IfMatch, etag
from servicekit.http import router
from servicekit.identity import Caller
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import not_found


def partners_router(database: Database) -> APIRouter:
    routes = router(prefix="/v1/partners", tags=["partners"])

    @routes.post("", status_code=201)
    async def create(caller: Caller, wanted: NewPartner, request: Request, response: Response) -> Partner:
        caller.require("admin")
        async with database.unit_of_work() as work:
            row = await create_partner(work, wanted)
        response.headers["Location"] = f"{request.url.path}/{row['id']}"
        response.headers["ETag"] = etag(row["version"])
        return Partner(**row)

    @routes.get("")
    async def list_partners(caller: Caller, limit: Limit = 50, cursor: Cursor = None) -> Page[Partner]:
        only = scope.partners_of(caller)
        after = decode_cursor(cursor, str)
        async with database.unit_of_work() as work:
            rows = await store.fetch_page(work, only, after[0] if after else None, limit + 1)
        return page_of(rows, limit, lambda row: Partner(**row), lambda row: (row["id"],))

    @routes.get("/{partner_id}")
    async def read(caller: Caller, partner_id: str, response: Response) -> Partner:
        only = scope.partners_of(caller)
        async with database.unit_of_work() as work:
            row = await store.find(work, partner_id)
        if row is None or only not in {None, row["id"]}:
            raise not_found()
        response.headers["ETag"] = etag(row["version"])
        return Partner(**row)

    @routes.patch("/{partner_id}")
    async def change(
        caller: Caller, partner_id: str, wanted: PartnerChange, response: Response, if_match: IfMatch = None
    ) -> Partner:
        caller.require("admin")
        async with database.unit_of_work() as work:
            row = await change_partner(work, partner_id, wanted, if_match)
        response.headers["ETag"] = etag(row["version"])
        return Partner(**row)

    return routes
