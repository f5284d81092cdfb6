"""`/v1/imports` (I2.19)."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from lead_intake_svc.imports import store
from lead_intake_svc.imports.change_state import cancel_import, start_import
from lead_intake_svc.imports.create_import import CreateImport
from lead_intake_svc.imports.failures import failures_of
from lead_intake_svc.imports.shapes import (
    Import,
    ImportForm,
    ImportRow,
    Result,
    Start,
    State,
    show_import,
    show_row,
)
from lead_intake_svc.scope import Viewer, Writer, partners_of
from messaging.database import Database
from servicekit.etag import etag
from servicekit.http import router
from servicekit.own_transactions import own_transactions
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import not_found

PATH = "/v1/imports"


def _multipart() -> dict[str, Any]:
    schema = ImportForm.model_json_schema()
    schema["properties"] = {**schema["properties"], "file": {"type": "string", "format": "binary"}}
    schema["required"] = [*schema.get("required", ()), "file"]
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def imports_router(database: Database, create: CreateImport) -> APIRouter:
    routes = router(prefix=PATH, tags=["imports"])

    @routes.post("", status_code=201, response_model=Import, openapi_extra=_multipart())
    @own_transactions("the file streams in before its transaction begins; its hash tells whether it is a repeat")
    async def create_import(caller: Writer, request: Request) -> Response:
        """The file is kept, and imported in the background."""
        return await create.create(request, caller)

    @routes.post("/{import_id}/start")
    async def start(caller: Writer, import_id: str, wanted: Start, response: Response) -> Import:
        """After a dry run, or with the mapping that was missing."""
        async with database.unit_of_work() as work:
            row = await start_import(work, import_id, caller, wanted)
        response.headers["ETag"] = etag(row["version"])
        return show_import(row)

    @routes.post("/{import_id}/cancel")
    async def cancel(caller: Writer, import_id: str, response: Response) -> Import:
        """What has been imported stays; again, it changes nothing."""
        async with database.unit_of_work() as work:
            row = await cancel_import(work, import_id, caller)
        response.headers["ETag"] = etag(row["version"])
        return show_import(row)

    return routes


def import_results_router(database: Database) -> APIRouter:
    routes = router(prefix=PATH, tags=["imports"])

    @routes.get("")
    async def list_imports(
        viewer: Viewer, state: State | None = None, limit: Limit = 50, cursor: Cursor = None
    ) -> Page[Import]:
        """Newest first."""
        only = partners_of(viewer)
        before = decode_cursor(cursor, str)
        async with database.unit_of_work() as work:
            rows = await store.fetch_page(work, only, before[0] if before else None, state, limit + 1)
        return page_of(rows, limit, show_import, lambda row: (row["id"],))

    @routes.get("/{import_id}")
    async def read(viewer: Viewer, import_id: str, response: Response) -> Import:
        async with database.unit_of_work() as work:
            row = await store.find(work, import_id, partners_of(viewer))
        if row is None:
            raise not_found()
        response.headers["ETag"] = etag(row["version"])
        return show_import(row)

    @routes.get("/{import_id}/rows")
    async def list_rows(
        viewer: Viewer,
        import_id: str,
        result: Annotated[Result | None, Query()] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[ImportRow]:
        """What became of each row, in the file's order; of a dry run, what would become of it."""
        after = decode_cursor(cursor, int)
        async with database.unit_of_work() as work:
            if await store.find(work, import_id, partners_of(viewer)) is None:
                raise not_found()
            rows = await store.fetch_rows(work, import_id, _line(after), result, limit + 1)
        return page_of(rows, limit, show_row, lambda row: (row["line"],))

    @routes.get(
        "/{import_id}/failures",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    )
    async def download_failures(viewer: Viewer, import_id: str) -> StreamingResponse:
        """The rows that became no lead, as they were, with the reasons: put right, the file can be imported again."""
        async with database.unit_of_work() as work:
            row = await store.find(work, import_id, partners_of(viewer))
        if row is None:
            raise not_found()
        headers = {"Content-Disposition": f'attachment; filename="failures-{row["id"]}.csv"'}
        return StreamingResponse(failures_of(database, row), media_type="text/csv; charset=utf-8", headers=headers)

    return routes


def _line(after: tuple[Any, ...] | None) -> int:
    """Of a cursor, however forged, as the column holds it."""
    return min(max(after[0], 0), 2**31 - 1) if after else 0
