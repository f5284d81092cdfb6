"""HTTP of Customer Search (A1.10), which is also the lead picker (A1.5)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from messaging.database import Database
from messaging.sight import EVERYTHING, seeing
from pydantic import BaseModel, ConfigDict, Field
from servicekit.http import router
from servicekit.identity import Caller
from servicekit.identity import sight_of as rows_of
from servicekit.own_transactions import own_transactions
from servicekit.paging import Page, decode_cursor, page_of

from assignment_svc.conditions import Conditions
from assignment_svc.customers.rules import SHORTEST, read_search
from assignment_svc.customers.store import add_search, find_leads
from assignment_svc.reading.shapes import WorkItemOut, shaped
from assignment_svc.scope import CUSTOMER_SERVICE, require_grant, sight_of
from assignment_svc.work_items.store import list_views

Text = Annotated[str | None, Field(max_length=100)]


class Narrowed(BaseModel):
    """`assignable`: only leads that nobody has. With `newest_order=partial` that is the picker of A1.5."""

    model_config = ConfigDict(extra="forbid")

    project_id: Text = None
    agent_id: Text = None
    newest_order: Literal["partial", "completed"] | None = None
    assignable: bool = False
    limit: int = Field(default=50, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=500)


class Search(Narrowed):
    """`q`: a name, a phone number or its end, an e-mail address, an order number or the partner's id of the lead."""

    q: str | None = Field(default=None, min_length=SHORTEST, max_length=100)


def customer_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/customers", tags=["customers"])

    async def search(caller: Caller, wanted: Search) -> Page[WorkItemOut]:
        require_grant(caller, CUSTOMER_SERVICE)
        before = decode_cursor(wanted.cursor, str)
        where = Conditions()
        where.add_given("w.lead_id < ?", before[0] if before else None)
        where.add_given("l.project_id = ?", wanted.project_id)
        where.add_given("w.agent_id = ?", wanted.agent_id)
        where.add_given("o.status = ?", wanted.newest_order)
        if wanted.assignable:
            where.add("w.state IN ('pending', 'queued')")
        if wanted.q is not None:
            add_search(where, read_search(wanted.q))
        # Prefixes of names are found by operators that are not leakproof: under row-level security they have no index.
        # So leads are found by a statement that is scoped, and shown by one that sees the caller's own only.
        with seeing(EVERYTHING):
            async with database.unit_of_work() as work:
                (await sight_of(work, caller)).narrow(where)
                found = await find_leads(work, where, wanted.limit + 1)
        shown = Conditions()
        shown.add("w.lead_id = ANY(?::text[])", found)
        with seeing(rows_of(caller)):
            async with database.unit_of_work() as work:
                rows = await list_views(work, shown, len(found))
        return page_of(rows, wanted.limit, shaped, lambda row: (row["lead_id"],))

    @routes.get("", summary="Customers, newest leads first")
    async def list_customers(caller: Caller, wanted: Annotated[Narrowed, Query()]) -> Page[WorkItemOut]:
        """What says who somebody is, is asked for in a body: `POST /v1/customers/search`."""
        return await search(caller, Search(**wanted.model_dump()))

    @routes.post("/search", summary="Customer Search, newest leads first")
    @own_transactions("it reads; an answer that was kept would be people's data at rest")
    async def search_by_body(caller: Caller, wanted: Search) -> Page[WorkItemOut]:
        return await search(caller, wanted)

    return routes
