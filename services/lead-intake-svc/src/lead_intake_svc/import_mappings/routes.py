"""`/v1/imports/mappings`: which column is which field, kept for the next file of a partner (I2.19)."""

import asyncpg
from contracts.ids import new_id
from fastapi import APIRouter, Request, Response
from lead_intake_svc.import_mappings import store
from lead_intake_svc.import_mappings.change_mapping import change_mapping
from lead_intake_svc.imports.partner import partner_for
from lead_intake_svc.imports.shapes import MappingChange, NewMapping, SavedMapping
from lead_intake_svc.reference.cache import Reference
from lead_intake_svc.scope import Viewer, Writer, partners_of
from messaging.database import Database
from servicekit.etag import IfMatch, etag
from servicekit.http import router
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import conflict, not_found


def import_mappings_router(database: Database, reference: Reference) -> APIRouter:
    routes = router(prefix="/v1/imports/mappings", tags=["imports"])

    @routes.post("", status_code=201)
    async def create(caller: Writer, wanted: NewMapping, request: Request, response: Response) -> SavedMapping:
        partner = await partner_for(caller, wanted.partner_id, reference)
        async with database.unit_of_work() as work:
            row = await store.add(work, new_id("map"), partner.id, wanted.name, wanted.columns)
            if row is None:
                raise _name_taken()
        response.headers["Location"] = f"{request.url.path}/{row['id']}"
        response.headers["ETag"] = etag(row["version"])
        return SavedMapping(**row)

    @routes.get("")
    async def list_mappings(viewer: Viewer, limit: Limit = 50, cursor: Cursor = None) -> Page[SavedMapping]:
        after = decode_cursor(cursor, str)
        async with database.unit_of_work() as work:
            rows = await store.fetch_page(work, partners_of(viewer), after[0] if after else None, limit + 1)
        return page_of(rows, limit, lambda row: SavedMapping(**row), lambda row: (row["id"],))

    @routes.get("/{mapping_id}")
    async def read(viewer: Viewer, mapping_id: str, response: Response) -> SavedMapping:
        async with database.unit_of_work() as work:
            row = await store.find(work, mapping_id, partners_of(viewer))
        if row is None:
            raise not_found()
        response.headers["ETag"] = etag(row["version"])
        return SavedMapping(**row)

    @routes.patch("/{mapping_id}")
    async def change(
        caller: Writer, mapping_id: str, wanted: MappingChange, response: Response, if_match: IfMatch = None
    ) -> SavedMapping:
        """Only what is sent changes."""
        try:
            async with database.unit_of_work() as work:
                row = await change_mapping(work, (mapping_id, partners_of(caller)), wanted, if_match)
        except asyncpg.UniqueViolationError:
            raise _name_taken() from None
        response.headers["ETag"] = etag(row["version"])
        return SavedMapping(**row)

    @routes.delete("/{mapping_id}", status_code=204)
    async def remove(caller: Writer, mapping_id: str) -> Response:
        async with database.unit_of_work() as work:
            if not await store.remove(work, mapping_id, partners_of(caller)):
                raise not_found()
        return Response(status_code=204)

    return routes


def _name_taken() -> Exception:
    return conflict("mapping-name-taken", "The partner has a mapping of this name.")
