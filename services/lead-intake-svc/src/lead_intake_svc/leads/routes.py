"""`GET /v1/leads`, one lead, and its timeline."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from lead_intake_svc.leads import store
from lead_intake_svc.leads.answers import Lead, TimelineEntry
from lead_intake_svc.leads.filters import Filters
from lead_intake_svc.leads.present import show_entry, show_lead
from lead_intake_svc.reference.cache import Reference
from lead_intake_svc.scope import Viewer, lists_of, single_of
from messaging.database import Database
from pydantic import AwareDatetime
from servicekit.http import router
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import not_found

Text = Annotated[str | None, Query(max_length=300)]


def leads_router(database: Database, reference: Reference) -> APIRouter:
    routes = router(prefix="/v1/leads", tags=["leads"])

    @routes.get("")
    async def list_leads(  # noqa: PLR0913, PLR0917 -- each is a filter of the query
        viewer: Viewer,
        status: Text = None,
        project_id: Text = None,
        partner_id: Text = None,
        external_id: Text = None,
        phone: Text = None,
        email: Text = None,
        received_from: Annotated[AwareDatetime | None, Query(alias="from")] = None,
        received_to: Annotated[AwareDatetime | None, Query(alias="to")] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[Lead]:
        """Newest first. `phone` in E.164, `from` inclusive, `to` exclusive."""
        scope = lists_of(viewer)
        before = decode_cursor(cursor, str)
        filters = Filters(
            status=status,
            project_id=project_id,
            partner_id=partner_id,
            external_id=external_id,
            phone=phone,
            email=email.lower() if email else email,
            received_from=received_from,
            received_to=received_to,
            before=before[0] if before else None,
        )
        async with database.unit_of_work() as work:
            rows = await store.fetch_page(work, scope, filters, limit + 1)
        return page_of(rows, limit, lambda row: show_lead(row, scope), lambda row: (row["id"],))

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
