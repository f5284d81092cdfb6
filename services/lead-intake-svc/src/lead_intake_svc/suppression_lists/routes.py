"""`/v1/suppression-lists` (I2.18)."""

from typing import Annotated, Any

from asyncpg import Record
from fastapi import APIRouter, Form, Response
from messaging.database import Database
from servicekit.audit import Act, record
from servicekit.http import router
from servicekit.identity import Caller
from servicekit.own_transactions import own_transactions
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import not_found

from lead_intake_svc.suppression_lists import store
from lead_intake_svc.suppression_lists.shapes import ListUpload, SuppressionList, UploadAnswer, is_stale
from lead_intake_svc.suppression_lists.upload_list import delete_list, upload_list
from lead_intake_svc.suppressions.hashing import Hashing
from lead_intake_svc.suppressions.routes import STAFF

PATH = "/v1/suppression-lists"
UPLOAD_BYTES = 128 * 1024 * 1024


def suppression_lists_router(database: Database, hashing: Hashing) -> APIRouter:
    routes = router(prefix=PATH, tags=["suppressions"])

    @own_transactions("the file is read before its transaction begins, and the same one again changes nothing")
    async def upload(
        caller: Caller,
        wanted: Annotated[ListUpload, Form(media_type="multipart/form-data")],
        response: Response,
    ) -> UploadAnswer:
        """Uploading the same file again changes nothing, so that it may be repeated without a key."""
        caller.require(*STAFF)
        async with database.unit_of_work() as work:
            done = await upload_list(work, wanted, hashing)
            counts: dict[str, Any] = {"added": done.added, "removed": done.removed, "invalid": done.seen.invalid}
            act = Act(action="upload", object_kind="suppression_list", object_id=done.row["id"], details=counts)
            await record(work, act)
        response.status_code = 201 if done.new else 200
        return UploadAnswer(**_shown(done.row), **counts, invalid_rows=done.seen.invalid_rows)

    routes.post("", status_code=201, responses={200: {"model": UploadAnswer}})(upload)

    @routes.get("")
    async def list_lists(caller: Caller, limit: Limit = 50, cursor: Cursor = None) -> Page[SuppressionList]:
        caller.require(*STAFF)
        before = decode_cursor(cursor, str)
        async with database.unit_of_work() as work:
            rows = await store.fetch_page(work, before[0] if before else None, limit + 1)
        return page_of(rows, limit, lambda row: SuppressionList(**_shown(row)), lambda row: (row["id"],))

    @routes.get("/{list_id}")
    async def read(caller: Caller, list_id: str) -> SuppressionList:
        caller.require(*STAFF)
        async with database.unit_of_work() as work:
            row = await store.find(work, list_id)
        if row is None:
            raise not_found()
        return SuppressionList(**_shown(row))

    @routes.delete("/{list_id}", status_code=204)
    async def remove(caller: Caller, list_id: str) -> Response:
        """With all its entries."""
        caller.require("admin")
        async with database.unit_of_work() as work:
            if not await delete_list(work, list_id):
                raise not_found()
        return Response(status_code=204)

    return routes


def _shown(row: Record) -> dict[str, Any]:
    return {**row, "stale": is_stale(national=row["national"], as_of=row["as_of"])}
