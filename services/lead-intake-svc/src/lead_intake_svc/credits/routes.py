"""`GET /v1/partners/{id}/credits`: what accepted returns are worth, newest first."""

from datetime import datetime

from asyncpg import Record
from fastapi import APIRouter
from lead_intake_svc.credits import store
from lead_intake_svc.partners.shapes import Money
from lead_intake_svc.partners.store import find
from lead_intake_svc.scope import Viewer, partners_of
from messaging.database import Database
from pydantic import BaseModel
from servicekit.http import router
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import not_found


class Credit(BaseModel):
    """`direction`: `from_partner` for a lead that it sold us, `to_partner` for one that it bought; without a known
    price there is no amount.
    """

    id: str
    return_id: str
    lead_id: str
    partner_id: str
    direction: str
    amount: Money | None
    entered_at: datetime


def credits_router(database: Database) -> APIRouter:
    routes = router(prefix="/v1/partners/{partner_id}/credits", tags=["returns"])

    @routes.get("")
    async def list_credits(viewer: Viewer, partner_id: str, limit: Limit = 50, cursor: Cursor = None) -> Page[Credit]:
        if partners_of(viewer) not in {None, partner_id}:
            raise not_found()
        before = decode_cursor(cursor, str)
        async with database.unit_of_work() as work:
            if await find(work, partner_id) is None:
                raise not_found()
            rows = await store.fetch_page(work, partner_id, before[0] if before else None, limit + 1)
        return page_of(rows, limit, _shown, lambda row: (row["id"],))

    return routes


def _shown(row: Record) -> Credit:
    amount = row["amount_minor"]
    money = None if amount is None else Money(amount_minor=amount, currency=row["currency"])
    return Credit(**{name: row[name] for name in Credit.model_fields if name != "amount"}, amount=money)
