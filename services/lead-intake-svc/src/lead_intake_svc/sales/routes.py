"""`/v1/sales` and `/v1/sales/rules` (I2.24)."""

from typing import Annotated, Any, Literal

from asyncpg import Record
from contracts.ids import new_id
from fastapi import APIRouter, Query, Response
from lead_intake_svc.reference.store import bump
from lead_intake_svc.sales import store
from lead_intake_svc.sales.sell_lead import Deal, sell_leads
from lead_intake_svc.sales.shapes import NewRule, Rule, RuleChange, Sale, SaleResult, SaleResults, SalesWanted
from lead_intake_svc.scope import Viewer, partners_of
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from servicekit.etag import IfMatch, check_match, etag
from servicekit.http import router
from servicekit.identity import Caller
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import invalid, not_found

Text = Annotated[str | None, Query(max_length=100)]
_SUPERVISORS = ("admin", "supervisor")


def sales_router(database: Database) -> APIRouter:
    routes = router(prefix="/v1/sales", tags=["sales"])

    @routes.post("")
    async def sell(caller: Caller, wanted: SalesWanted) -> SaleResults:
        caller.require(*_SUPERVISORS)
        deal = Deal(wanted.price.model_dump() if wanted.price else None, caller.user_id)
        async with database.unit_of_work() as work:
            made = await sell_leads(work, wanted.lead_ids, wanted.buyer_id, deal)
        pairs = zip(wanted.lead_ids, made, strict=True)
        return SaleResults(results=[_result(index, lead_id, each) for index, (lead_id, each) in enumerate(pairs)])

    @routes.get("")
    async def list_sales(  # noqa: PLR0913, PLR0917 -- each is a filter of the query
        viewer: Viewer,
        buyer_id: Text = None,
        lead_id: Text = None,
        state: Literal["sold", "returned"] | None = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[Sale]:
        """Newest first. Partners see what they bought."""
        own = partners_of(viewer)
        before = decode_cursor(cursor, str)
        async with database.unit_of_work() as work:
            asked = {"own": own, "buyer_id": buyer_id, "lead_id": lead_id, "state": state}
            rows = await store.fetch_page(work, asked | {"before": before[0] if before else None}, limit + 1)
        return page_of(rows, limit, lambda row: _shown(row, own), lambda row: (row["id"],))

    @routes.get("/{sale_id}")
    async def read(viewer: Viewer, sale_id: str) -> Sale:
        own = partners_of(viewer)
        async with database.unit_of_work() as work:
            row = await store.find(work, sale_id, own)
        if row is None:
            raise not_found()
        return _shown(row, own)

    return routes


def _result(index: int, lead_id: str, made: Record | tuple[str, str]) -> SaleResult:
    if isinstance(made, tuple):
        return SaleResult(index=index, status="failed", lead_id=lead_id, code=made[0], detail=made[1])
    return SaleResult(index=index, status="ok", lead_id=lead_id, id=made["id"])


def _shown(row: Record, own: str | None) -> Sale:
    sale = Sale(**row)
    return sale if own is None else sale.model_copy(update={"sold_by": None, "rule_id": None})


def sale_rules_router(database: Database) -> APIRouter:
    routes = router(prefix="/v1/sales/rules", tags=["sales"])

    @routes.post("", status_code=201)
    async def create(caller: Caller, wanted: NewRule, response: Response) -> Rule:
        caller.require("admin")
        async with database.unit_of_work() as work:
            await _check(work, wanted.model_dump())
            row = await store.insert_rule(work, new_id("srl"), wanted.model_dump())
            await bump(work, "sale_rules")
        response.headers["ETag"] = etag(row["version"])
        return Rule(**row)

    @routes.get("")
    async def list_rules(caller: Caller, limit: Limit = 50, cursor: Cursor = None) -> Page[Rule]:
        caller.require(*_SUPERVISORS)
        after = decode_cursor(cursor, str)
        async with database.unit_of_work() as work:
            rows = await store.fetch_rules(work, after[0] if after else None, limit + 1)
        return page_of(rows, limit, lambda row: Rule(**row), lambda row: (row["id"],))

    @routes.patch("/{rule_id}")
    async def change(
        caller: Caller, rule_id: str, wanted: RuleChange, response: Response, if_match: IfMatch = None
    ) -> Rule:
        caller.require("admin")
        async with database.unit_of_work() as work:
            row = await store.find_rule(work, rule_id)
            if row is None:
                raise not_found()
            check_match(if_match, row["version"])
            values = {name: row[name] for name in store.RULE_FIELDS} | wanted.model_dump(exclude_unset=True)
            await _check(work, values)
            row = await store.change_rule(work, rule_id, values)
            await bump(work, "sale_rules")
        response.headers["ETag"] = etag(row["version"])
        return Rule(**row)

    @routes.delete("/{rule_id}", status_code=204)
    async def remove(caller: Caller, rule_id: str) -> Response:
        caller.require("admin")
        async with database.unit_of_work() as work:
            if not await store.delete_rule(work, rule_id):
                raise not_found()
            await bump(work, "sale_rules")
        return Response(status_code=204)

    return routes


async def _check(work: UnitOfWork, values: dict[str, Any]) -> None:
    buyer = await store.find_buyer(work, values["buyer_id"])
    if buyer is None or not buyer["buys_leads"]:
        raise invalid("buyer-unknown", "There is no such partner company that buys leads.", "/buyer_id")
    if values["partner_id"] == values["buyer_id"]:
        raise invalid("buyer-sold-it", "Nobody is sold what it sent itself.", "/partner_id")
