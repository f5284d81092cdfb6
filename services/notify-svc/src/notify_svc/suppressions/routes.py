"""`/v1/email-suppressions`."""

from datetime import datetime
from typing import Annotated, Literal

from asyncpg import Record
from fastapi import APIRouter, Query, Response
from messaging.database import Database
from pydantic import BaseModel, Field
from servicekit.http import Input, router
from servicekit.identity import Caller
from servicekit.own_transactions import own_transactions
from servicekit.paging import Page, decode_cursor, page_of
from servicekit.problems import conflict, not_found

from notify_svc import scope
from notify_svc.sending.addresses import Address
from notify_svc.shapes import PageQuery
from notify_svc.suppressions import store
from notify_svc.suppressions.store import NewSuppression
from notify_svc.templates.shapes import Name


class NewSuppressionShape(Input):
    address: Address
    reason: Name


class SuppressionSearch(PageQuery):
    address: str | None = Field(default=None, max_length=320)


class Suppression(BaseModel):
    """`code` and `reply` are what the server said, `email_id` is the mail that it said it of."""

    id: str
    address: str
    kind: Literal["refused", "bounce", "complaint", "manual"]
    reason: str
    code: int | None
    reply: str | None
    email_id: str | None
    created_by: str | None
    created_at: datetime


def suppression_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/email-suppressions", tags=["email suppressions"])

    @routes.get("")
    async def list_suppressions(caller: Caller, query: Annotated[PageQuery, Query()]) -> Page[Suppression]:
        """Newest first. By address: `POST /v1/email-suppressions/search`."""
        return await _found(database, caller, SuppressionSearch(**query.model_dump()))

    @routes.post("/search")
    @own_transactions("it reads; an answer that was kept would be people's data at rest")
    async def search_suppressions(caller: Caller, query: SuppressionSearch) -> Page[Suppression]:
        return await _found(database, caller, query)

    @routes.post("", status_code=201)
    async def create(caller: Caller, body: NewSuppressionShape, response: Response) -> Suppression:
        scope.check_may_see(caller)
        new = NewSuppression(address=body.address, kind="manual", reason=body.reason, created_by=caller.user_id)
        async with database.unit_of_work() as work:
            row = await store.suppress(work, new)
        if row is None:
            raise conflict("address-suppressed", "The address is suppressed already.")
        response.headers["Location"] = f"/v1/email-suppressions/{row['id']}"
        return _shape(row)

    @routes.get("/{suppression_id}")
    async def read(caller: Caller, suppression_id: str) -> Suppression:
        scope.check_may_see(caller)
        row = await store.find(database, suppression_id)
        if row is None:
            raise not_found()
        return _shape(row)

    @routes.delete("/{suppression_id}", status_code=204)
    async def delete(caller: Caller, suppression_id: str) -> None:
        """From now on mails go to the address again; those that did not can be resent."""
        scope.check_may_lift(caller)
        async with database.unit_of_work() as work:
            if not await store.delete(work, suppression_id):
                raise not_found()

    return routes


def _shape(row: Record) -> Suppression:
    return Suppression.model_validate(dict(row))


async def _found(database: Database, caller: Caller, query: SuppressionSearch) -> Page[Suppression]:
    scope.check_may_see(caller)
    if query.address is not None:
        rows = await store.find_address(database, query.address.lower())
    else:
        before = decode_cursor(query.cursor, datetime, str)
        rows = await store.list_page(database, (before[0], before[1]) if before else None, query.limit + 1)
    return page_of(rows, query.limit, _shape, lambda row: (row["created_at"], row["id"]))
