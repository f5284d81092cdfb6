"""HTTP of lists of cases."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from messaging.database import Database
from servicekit.csv_lines import csv_response
from servicekit.http import router
from servicekit.identity import Caller, Identity
from servicekit.paging import Page, decode_cursor, page_of
from servicekit.problems import not_found

from validation_svc import scope
from validation_svc.cases.shapes import AnyCase, LeadId, shape_case
from validation_svc.listing import store
from validation_svc.listing.columns import ADMIN_COLUMNS, VALIDATOR_COLUMNS, CaseColumn, in_default_view
from validation_svc.listing.file_rows import file_rows
from validation_svc.listing.shapes import CaseQuery, Column, ExportQuery, FilterQuery, View
from validation_svc.projects.store import read_validation


def listing_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/validation", tags=["validation"])

    @routes.get("/cases")
    async def list_cases(query: Annotated[CaseQuery, Query()], caller: Caller) -> Page[AnyCase]:
        filters = _filters(query, caller)
        after = decode_cursor(query.cursor, datetime, str)
        rows = await store.list_cases(database, filters, after, query.limit + 1)
        return page_of(
            rows,
            query.limit,
            lambda row: shape_case(row, all_columns=filters.sees_all),
            lambda row: (row["received_at"], row["lead_id"]),
        )

    @routes.get("/view")
    async def view(caller: Caller, project_id: Annotated[LeadId | None, Query()] = None) -> View:
        scope.check_may_work(caller)
        validated = await read_validation(database, project_id)
        if validated is None:
            raise not_found()
        columns = [
            Column(field=column.field, title=column.title, default=in_default_view(column, validated=validated))
            for column in _columns(caller)
        ]
        return View(project_id=project_id, call_centre_validation=validated, columns=columns)

    @routes.get("/export", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
    async def export(query: Annotated[ExportQuery, Query()], caller: Caller) -> StreamingResponse:
        filters = _filters(query, caller)
        columns = _columns(caller)
        rows = file_rows(store.every_case(database, filters), columns, all_columns=filters.sees_all)
        return csv_response("validation", [column.title for column in columns], rows, query.delimiter)

    return routes


def _filters(query: FilterQuery, caller: Identity) -> store.CaseFilters:
    scope.check_may_work(caller)
    scope.check_may_filter(caller, by_partner=query.partner_id is not None)
    return query.filters(sees_all=scope.sees_all(caller))


def _columns(caller: Identity) -> tuple[CaseColumn, ...]:
    return ADMIN_COLUMNS if scope.sees_all(caller) else VALIDATOR_COLUMNS
