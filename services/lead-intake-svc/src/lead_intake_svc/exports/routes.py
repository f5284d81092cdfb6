"""`GET /v1/leads/export` (I2.20)."""

from collections.abc import AsyncGenerator, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from lead_intake_svc.exports.columns import DEFAULT, MAX_COLUMNS, Getter, getter_of, row_of
from lead_intake_svc.exports.pages import leads_of
from lead_intake_svc.exports.writers import Rows, write_csv, write_ndjson, write_workbook
from lead_intake_svc.leads.answers import Lead
from lead_intake_svc.leads.filters import Filters
from lead_intake_svc.leads.query import FiltersAsked
from lead_intake_svc.scope import Scope, Viewer, lists_of
from messaging.database import Database
from servicekit.csv_lines import Delimiter
from servicekit.http import router
from servicekit.problems import DomainError, FieldError, Kind

Format = Literal["csv", "xlsx", "json"]
_MEDIA: dict[Format, tuple[str, str]] = {
    "csv": ("text/csv; charset=utf-8", "csv"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    "json": ("application/x-ndjson", "ndjson"),
}
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            media.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}} for media, _ in _MEDIA.values()
        }
    }
}


def exports_router(database: Database) -> APIRouter:
    routes = router(prefix="/v1/leads", tags=["leads"])

    @routes.get("/export", response_class=StreamingResponse, responses=_ANSWER)
    async def export_leads(
        viewer: Viewer,
        filters: FiltersAsked,
        file_format: Annotated[Format, Query(alias="format")] = "csv",
        columns: Annotated[str | None, Query(max_length=4000, description="Names, with commas between them")] = None,
        delimiter: Delimiter = "comma",
    ) -> StreamingResponse:
        """Newest first, with the filters of the list. `json`: an object a line, whole leads unless columns are named.

        Columns are named as an import names its fields, e.g. `address.city`, `custom.utm_source`: what is exported can
        be imported. Whatever has no column of its own stands as JSON in `custom.*`, `account.fields.*`, `address.*` and
        `order.items`, which are among the columns if none are named.
        """
        scope = lists_of(viewer, "exports")
        body = _body(database, scope, filters, file_format, _names(columns), delimiter)
        media, ending = _MEDIA[file_format]
        headers = {"Content-Disposition": f'attachment; filename="leads.{ending}"'}
        return StreamingResponse(body, media_type=media, headers=headers)

    return routes


def _names(columns: str | None) -> list[str]:
    """Raises 422 for a column that leads do not have."""
    names = [name.strip() for name in columns.split(",")] if columns is not None else []
    if len(names) > MAX_COLUMNS or len(set(names)) < len(names) or None in map(getter_of, names):
        detail = f"Name each column once, {MAX_COLUMNS} at most, as an import names its fields."
        error = FieldError("?columns", "column-unknown", detail)
        raise DomainError(Kind.INVALID, "validation-failed", errors=[error])
    return names


def _body(  # noqa: PLR0913, PLR0917 -- the whole of what was asked
    database: Database, scope: Scope, filters: Filters, file_format: Format, asked: list[str], delimiter: Delimiter
) -> AsyncGenerator[bytes]:
    if file_format == "json" and not asked:
        return _whole(database, scope, filters)
    names = asked or list(DEFAULT)
    getters = [getter for getter in map(getter_of, names) if getter is not None]
    rows = _rows(database, scope, filters, getters)
    writers: dict[Format, Callable[[], AsyncGenerator[bytes]]] = {
        "csv": lambda: write_csv(names, rows, delimiter),
        "json": lambda: write_ndjson(names, rows),
        "xlsx": lambda: write_workbook(names, rows),
    }
    return writers[file_format]()


async def _rows(database: Database, scope: Scope, filters: Filters, getters: list[Getter]) -> AsyncGenerator[Rows]:
    async for leads in leads_of(database, scope, filters):
        yield [row_of(lead, getters) for lead in leads]


async def _whole(database: Database, scope: Scope, filters: Filters) -> AsyncGenerator[bytes]:
    async for leads in leads_of(database, scope, filters):
        yield b"".join(_line(lead) for lead in leads)


def _line(lead: Lead) -> bytes:
    return lead.model_dump_json().encode() + b"\n"
