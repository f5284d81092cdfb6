"""`GET /v1/leads`, one lead, and its timeline."""

from dataclasses import replace
from datetime import datetime

from fastapi import APIRouter
from lead_intake_svc.leads import store
from lead_intake_svc.leads.answers import Lead, TimelineEntry
from lead_intake_svc.leads.filters import Filters
from lead_intake_svc.leads.present import show_entry, show_lead
from lead_intake_svc.leads.query import FiltersAsked, Search
from lead_intake_svc.reference.cache import Reference
from lead_intake_svc.scope import Viewer, lists_of, single_of
from messaging.database import Database
from messaging.sight import seeing
from servicekit.http import router
from servicekit.identity import Identity, sight_of
from servicekit.own_transactions import own_transactions
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import not_found


def leads_router(database: Database, reference: Reference) -> APIRouter:
    routes = router(prefix="/v1/leads", tags=["leads"])

    async def listed(viewer: Identity, asked: Filters, limit: int, cursor: str | None) -> Page[Lead]:
        scope = lists_of(viewer)
        before = decode_cursor(cursor, str)
        filters = replace(asked, before=before[0] if before else None)
        async with database.unit_of_work() as work:
            rows = await store.fetch_page(work, scope, filters, limit + 1)
        return page_of(rows, limit, lambda row: show_lead(row, scope), lambda row: (row["id"],))

    @routes.get("")
    async def list_leads(viewer: Viewer, asked: FiltersAsked, limit: Limit = 50, cursor: Cursor = None) -> Page[Lead]:
        """Newest first. `from` inclusive, `to` exclusive. By a person's number or address: `POST /v1/leads/search`."""
        return await listed(viewer, asked, limit, cursor)

    @routes.post("/search")
    @own_transactions("it reads; an answer that was kept would be people's data at rest")
    async def search_leads(viewer: Viewer, wanted: Search) -> Page[Lead]:
        """Newest first. `phone` in E.164, `from` inclusive, `to` exclusive."""
        with seeing(sight_of(viewer)):  # it reads, though it is a POST
            return await listed(viewer, wanted.filters(), wanted.limit, wanted.cursor)

    @routes.get("/{lead_id}")
    async def read_lead(viewer: Viewer, lead_id: str) -> Lead:
        scope = single_of(viewer)
        async with database.unit_of_work() as work:
            row = await store.find(work, scope, lead_id)
        if row is None:
            raise not_found()
        return show_lead(row, scope)

    @routes.get("/{lead_id}/timeline")
    async def read_timeline(
        viewer: Viewer, lead_id: str, limit: Limit = 50, cursor: Cursor = None
    ) -> Page[TimelineEntry]:
        """Newest first, across services."""
        scope = single_of(viewer)
        before = decode_cursor(cursor, datetime, str)
        async with database.unit_of_work() as work:
            row = await store.find(work, scope, lead_id)
            if row is None:
                raise not_found()
            entries = await store.fetch_timeline(work, lead_id, before and (before[0], before[1]), limit + 1)
        await reference.current()
        partner = reference.partners.get(row["partner_id"])
        comments = scope.column == "l.partner_id" and partner is not None and partner.include_comments
        return page_of(
            entries,
            limit,
            lambda entry: show_entry(entry, scope, comments=comments),
            lambda entry: (entry["at"], entry["key"]),
        )

    return routes
