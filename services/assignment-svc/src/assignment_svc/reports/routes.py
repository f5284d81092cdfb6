"""HTTP of reports (A1.6)."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from messaging.database import Database
from pydantic import Field
from servicekit.csv_lines import Delimiter, csv_response
from servicekit.http import router
from servicekit.identity import Caller
from servicekit.paging import Page, decode_cursor, page_of

from assignment_svc.reports.order_details import OrderDetail, OrderFilters, detail, header, portions, read_page
from assignment_svc.scope import ORDER_DETAILS, require_grant


class PageOfOrders(OrderFilters):
    limit: int = Field(default=50, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=500)


class ExportOfOrders(OrderFilters):
    delimiter: Delimiter = "comma"


def report_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/reports", tags=["reports"])

    @routes.get("/order-details", summary="Order Details, newest leads first")
    async def order_details(caller: Caller, wanted: Annotated[PageOfOrders, Query()]) -> Page[OrderDetail]:
        require_grant(caller, ORDER_DETAILS)
        past = decode_cursor(wanted.cursor, str, str)
        async with database.unit_of_work() as work:
            rows = await read_page(work, caller, wanted, past, wanted.limit + 1)
        return page_of(
            rows,
            wanted.limit,
            lambda row: detail(row, with_agent=wanted.show_leads_agent),
            lambda row: (row["lead_id"], row["order_id"]),
        )

    @routes.get("/order-details/export", summary="Order Details as a CSV file", response_class=StreamingResponse)
    async def export(caller: Caller, wanted: Annotated[ExportOfOrders, Query()]) -> StreamingResponse:
        require_grant(caller, ORDER_DETAILS)
        return csv_response("order-details", header(wanted), portions(database, caller, wanted), wanted.delimiter)

    return routes
