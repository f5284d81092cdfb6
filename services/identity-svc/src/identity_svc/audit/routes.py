"""`/v1/audit` (G6.5): who changed what, from what to what."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from fastapi.responses import StreamingResponse
from servicekit.csv_lines import csv_response
from servicekit.http import Db, router
from servicekit.identity import Caller, allow
from servicekit.paging import Page, decode_cursor, page_of

from identity_svc.audit.file_rows import HEADER, portions
from identity_svc.audit.shapes import Entry, ExportWanted, PageWanted, show
from identity_svc.audit.store import fetch_page

audit = router(prefix="/v1/audit", tags=["audit"])


@audit.get("")
async def get_entries(caller: Caller, database: Db, wanted: Annotated[PageWanted, Query()]) -> Page[Entry]:
    """Newest first, a few seconds after the change."""
    allow(caller, ("admin",))
    before = decode_cursor(wanted.cursor, datetime, str)
    async with database.unit_of_work() as work:
        rows = await fetch_page(work, wanted.wanted(), before, wanted.limit + 1)  # pyright: ignore[reportArgumentType] -- as decoded
    return page_of(rows, wanted.limit, show, lambda row: (row["at"], row["entry_id"]))


@audit.get("/export", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
async def export_entries(caller: Caller, database: Db, wanted: Annotated[ExportWanted, Query()]) -> StreamingResponse:
    """The same as a file, with a line per changed field. Whoever takes it is in the log as well."""
    allow(caller, ("admin",))
    return csv_response("audit", HEADER, portions(database, wanted.wanted()), wanted.delimiter)
