"""HTTP of orders."""

from dataclasses import dataclass
from typing import Annotated, Any

from asyncpg import Record
from fastapi import APIRouter, Depends, Query, Response
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from servicekit.etag import IfMatch, check_match, etag
from servicekit.http import router
from servicekit.identity import Caller, Identity
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import not_found

from assignment_svc.conditions import Conditions
from assignment_svc.editing import find_readable, open_for_writing
from assignment_svc.locks.routes import LockToken
from assignment_svc.orders import store, write_order
from assignment_svc.orders.compose import compose
from assignment_svc.orders.shapes import OrderIn, OrderOut, OrderPatch, order_out
from assignment_svc.orders.store import OrderContent
from assignment_svc.scope import ORDER_ENTRY, require_grant, require_staff, sight_of


@dataclass(frozen=True, slots=True)
class ReliesOn:
    """What the caller read before writing: a version, and a lock."""

    if_match: IfMatch = None
    lock_token: LockToken = None


def order_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/orders", tags=["orders"])

    @routes.get("", summary="Orders, newest first")
    async def list_orders(
        caller: Caller,
        lead_id: Annotated[str | None, Query(max_length=100)] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[OrderOut]:
        past = decode_cursor(cursor, str, str)
        where = Conditions()
        where.add_given("o.lead_id = ?", lead_id)
        if past is not None:
            where.add("(o.lead_id, o.order_id) < (?, ?)", *past)
        async with database.unit_of_work() as work:
            (await sight_of(work, caller)).narrow(where)
            rows = await store.list_orders(work, where, limit + 1)
        return page_of(rows, limit, order_out, lambda row: (row["lead_id"], row["order_id"]))

    @routes.post("", status_code=201, summary="Begin an order of a lead")
    async def add(body: OrderIn, caller: Caller, response: Response, lock_token: LockToken = None) -> OrderOut:
        require_grant(caller, ORDER_ENTRY)
        async with database.unit_of_work() as work:
            item = await open_for_writing(work, caller, body.lead_id, lock_token)
            sent = body.model_dump()
            content = await compose(work, item.sponsor_id, sent["number"], sent["items"], sent["total"])
            row = await write_order.add_order(work, item, caller.user_id, content)
        return _answer(response, row)

    @routes.get("/{order_id}", summary="An order")
    async def read(order_id: str, caller: Caller, response: Response) -> OrderOut:
        async with database.unit_of_work() as work:
            return _answer(response, await _find(work, caller, order_id))

    @routes.patch("/{order_id}", summary="Edit a partial order")
    async def edit(
        order_id: str,
        body: OrderPatch,
        caller: Caller,
        response: Response,
        relies_on: Annotated[ReliesOn, Depends()],
    ) -> OrderOut:
        require_grant(caller, ORDER_ENTRY)
        async with database.unit_of_work() as work:
            order = await _find(work, caller, order_id)
            item = await open_for_writing(work, caller, order["lead_id"], relies_on.lock_token)
            check_match(relies_on.if_match, order["version"])
            content = await _edited(work, item.sponsor_id, order, body.model_dump(exclude_unset=True))
            row = await write_order.edit_order(work, item, caller.user_id, order, content)
        return _answer(response, row)

    @routes.post("/{order_id}/complete", summary="Complete an order; converts its lead")
    async def complete(order_id: str, caller: Caller, response: Response, lock_token: LockToken = None) -> OrderOut:
        require_grant(caller, ORDER_ENTRY)
        async with database.unit_of_work() as work:
            order = await _find(work, caller, order_id)
            item = await open_for_writing(work, caller, order["lead_id"], lock_token)
            row = await write_order.complete_order(work, item, caller.user_id, order_id, lock_token)
        return _answer(response, row)

    return routes


async def _find(work: UnitOfWork, caller: Identity, order_id: str) -> Record:
    require_staff(caller)
    order = await store.find_order(work, order_id)
    if order is None:
        raise not_found()
    await find_readable(work, caller, order["lead_id"])
    return order


async def _edited(work: UnitOfWork, sponsor_id: str | None, order: Record, sent: dict[str, Any]) -> OrderContent:
    """The order with what was sent; what was left out stays, and is not judged again."""
    number, items = sent.get("number") or order["number"], sent.get("items")
    if items is None and sent.get("total") is None:
        return OrderContent(number, order["items"], order["total"])
    total = sent.get("total", order["total"] if not items else None)
    return await compose(work, sponsor_id, number, order["items"] if items is None else items, total)


def _answer(response: Response, row: Record) -> OrderOut:
    response.headers["ETag"] = etag(row["version"])
    return order_out(row)
