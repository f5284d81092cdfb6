"""Leads in portions, as the list shows them."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from lead_intake_svc.leads.answers import Lead
from lead_intake_svc.leads.filters import Filters
from lead_intake_svc.leads.present import show_lead
from lead_intake_svc.leads.store import fetch_page
from lead_intake_svc.scope import Scope
from messaging.database import Database

# Some 40 µs a lead: between two portions others get their turn.
PORTION = 200


async def leads_of(database: Database, scope: Scope, filters: Filters) -> AsyncGenerator[Sequence[Lead]]:
    """Each portion is read for itself, after the last id of the one before: a slow reader holds no transaction open,
    and what changes meanwhile is shown as it is when its portion comes.
    """
    while True:
        async with database.unit_of_work() as work:
            rows = await fetch_page(work, scope, filters, PORTION)
        if rows:
            yield [show_lead(row, scope) for row in rows]
        if len(rows) < PORTION:
            return
        filters = replace(filters, before=rows[-1]["id"])
