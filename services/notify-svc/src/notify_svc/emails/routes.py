"""HTTP of the ledger."""

from typing import Annotated

from fastapi import APIRouter, Query
from messaging.database import Database
from servicekit.http import router
from servicekit.identity import Caller
from servicekit.own_transactions import own_transactions
from servicekit.paging import Page, decode_cursor, page_of
from servicekit.problems import not_found

from notify_svc import scope
from notify_svc.emails import shapes, store
from notify_svc.emails.resend_email import resend_email


def email_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/emails", tags=["emails"])

    @routes.get("")
    async def list_emails(query: Annotated[shapes.EmailQuery, Query()], caller: Caller) -> Page[shapes.Email]:
        """By recipient: `POST /v1/emails/search`."""
        return await _found(database, shapes.EmailSearch(**query.model_dump()), caller)

    @routes.post("/search")
    @own_transactions("it reads; an answer that was kept would be people's data at rest")
    async def search_emails(query: shapes.EmailSearch, caller: Caller) -> Page[shapes.Email]:
        return await _found(database, query, caller)

    @routes.get("/{email_id}")
    async def read_email(email_id: str, caller: Caller) -> shapes.EmailWithLog:
        scope.check_may_see(caller)
        row = await store.read_email(database, email_id)
        if row is None:
            raise not_found()
        return shapes.shape_email_with_log(row, await store.read_log(database, email_id))

    @routes.post("/{email_id}/resend")
    async def resend(email_id: str, caller: Caller) -> shapes.Email:
        scope.check_may_see(caller)
        async with database.unit_of_work() as work:
            row = await resend_email(work, email_id, caller.user_id)
        return shapes.shape_email(row)

    return routes


async def _found(database: Database, query: shapes.EmailSearch, caller: Caller) -> Page[shapes.Email]:
    scope.check_may_see(caller)
    recipient = query.recipient.lower() if query.recipient is not None else None
    filters = store.EmailFilters(query.state, query.lead_id, recipient, query.template, query.since)
    before = decode_cursor(query.cursor, str)
    rows = await store.list_emails(database, filters, before[0] if before else None, query.limit + 1)
    return page_of(rows, query.limit, shapes.shape_email, lambda row: (row["id"],))
