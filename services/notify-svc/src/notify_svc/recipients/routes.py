"""`/v1/email-recipients`."""

from typing import Annotated

from contracts.ids import new_id
from fastapi import APIRouter, Query, Response
from messaging.database import Database
from servicekit.etag import IfMatch, check_match, etag
from servicekit.http import router
from servicekit.identity import Caller
from servicekit.own_transactions import own_transactions
from servicekit.paging import Page, decode_cursor, page_of
from servicekit.problems import conflict, invalid, not_found

from notify_svc import scope
from notify_svc.recipients import store
from notify_svc.recipients.preferences import Preferences
from notify_svc.recipients.shapes import NewRecipient, Recipient, RecipientPatch, RecipientSearch, shape
from notify_svc.shapes import PageQuery


def recipient_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/email-recipients", tags=["email recipients"])
    _add_search(routes, database)

    @routes.post("", status_code=201)
    async def create(caller: Caller, body: NewRecipient, response: Response) -> Recipient:
        scope.check_may_see(caller)
        wishes = _checked(Preferences(**{name: getattr(body, name) for name in Preferences.__slots__}))
        async with database.unit_of_work() as work:
            row = await store.insert(work, new_id("rcp"), body.address, wishes, caller.user_id)
        if row is None:
            raise conflict("recipient-exists", "The address has preferences already.")
        response.headers["Location"] = f"/v1/email-recipients/{row['id']}"
        response.headers["ETag"] = etag(row["version"])
        return shape(row)

    @routes.get("")
    async def list_recipients(caller: Caller, query: Annotated[PageQuery, Query()]) -> Page[Recipient]:
        """By address: `POST /v1/email-recipients/search`."""
        return await _found(database, caller, RecipientSearch(**query.model_dump()))

    @routes.get("/{recipient_id}")
    async def read(caller: Caller, recipient_id: str, response: Response) -> Recipient:
        scope.check_may_see(caller)
        row = await store.find(database, recipient_id)
        if row is None:
            raise not_found()
        response.headers["ETag"] = etag(row["version"])
        return shape(row)

    @routes.patch("/{recipient_id}")
    async def change(
        caller: Caller, recipient_id: str, body: RecipientPatch, response: Response, if_match: IfMatch = None
    ) -> Recipient:
        scope.check_may_see(caller)
        async with database.unit_of_work() as work:
            row = await store.find_to_change(work, recipient_id)
            if row is None:
                raise not_found()
            check_match(if_match, row["version"])
            current = {name: row[name] for name in Preferences.__slots__}
            wishes = _checked(Preferences(**(current | body.sent())))
            row = await store.update(work, recipient_id, wishes, caller.user_id)
            await store.let_go(work, row["address"])
        response.headers["ETag"] = etag(row["version"])
        return shape(row)

    @routes.delete("/{recipient_id}", status_code=204)
    async def delete(caller: Caller, recipient_id: str) -> None:
        scope.check_may_see(caller)
        async with database.unit_of_work() as work:
            address = await store.delete(work, recipient_id)
            if address is None:
                raise not_found()
            await store.let_go(work, address)

    return routes


def _checked(wishes: Preferences) -> Preferences:
    """Raises 422 for quiet hours with one end only."""
    if (wishes.quiet_from is None) != (wishes.quiet_until is None):
        pointer = "/quiet_from" if wishes.quiet_from is None else "/quiet_until"
        raise invalid("quiet-hours-incomplete", "Quiet hours have a beginning and an end.", pointer)
    return wishes


def _add_search(routes: APIRouter, database: Database) -> None:
    @routes.post("/search")
    @own_transactions("it reads; an answer that was kept would be people's data at rest")
    async def search_recipients(caller: Caller, query: RecipientSearch) -> Page[Recipient]:
        return await _found(database, caller, query)


async def _found(database: Database, caller: Caller, query: RecipientSearch) -> Page[Recipient]:
    scope.check_may_see(caller)
    after = decode_cursor(query.cursor, str)
    address = query.address.lower() if query.address is not None else None
    rows = await store.list_page(database, after[0] if after else "", address, query.limit + 1)
    return page_of(rows, query.limit, shape, lambda row: (row["address"],))
