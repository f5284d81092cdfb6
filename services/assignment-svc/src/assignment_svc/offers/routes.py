"""HTTP of written confirmation (A3.14)."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from pydantic import BaseModel
from servicekit.http import router
from servicekit.identity import Caller
from servicekit.problems import not_found

from assignment_svc.editing import claimed_and_held, find_visible, open_for_writing
from assignment_svc.locks.routes import LockToken
from assignment_svc.offers import confirm, store
from assignment_svc.offers.store import Offer
from assignment_svc.orders.write_order import convert
from assignment_svc.reading.shapes import WorkItemOut
from assignment_svc.steps.agent_routes import shown
from assignment_svc.work_items.store import find_items


class OfferOut(BaseModel):
    id: str
    lead_id: str
    agent_id: str
    order_id: str
    status: str
    sent_at: datetime
    lapses_at: datetime


def offer_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/work-items/{lead_id}/offer", tags=["offers"])

    @routes.get("", summary="The offer that waits for an answer")
    async def read(lead_id: str, caller: Caller) -> OfferOut:
        async with database.unit_of_work() as work:
            await find_visible(work, caller, lead_id)
            offer = await store.find_offer(work, lead_id)
        if offer is None:
            raise not_found()
        return _out(offer)

    @routes.post("", status_code=201, summary="Say that the newest order was offered in writing")
    async def send(lead_id: str, caller: Caller, lock_token: LockToken = None) -> OfferOut:
        async with database.unit_of_work() as work:
            item = await claimed_and_held(work, caller, lead_id, lock_token)
            return _out(await confirm.send_offer(work, item, caller.user_id, lock_token or 0))

    @routes.post("/accept", summary="Say that the customer accepted in writing", response_model=WorkItemOut)
    async def accept(lead_id: str, caller: Caller, lock_token: LockToken = None) -> dict[str, Any]:
        async with database.unit_of_work() as work:
            item = await open_for_writing(work, caller, lead_id, lock_token)
            await confirm.accept_offer(work, item, caller.user_id, lock_token)
            await convert(work, await _again(work, lead_id), caller.user_id, lock_token)
            return await shown(work, lead_id)

    return routes


async def _again(work: UnitOfWork, lead_id: str) -> Any:
    return (await find_items(work, [lead_id]))[lead_id]


def _out(offer: Offer) -> OfferOut:
    return OfferOut(
        id=offer.offer_id,
        **{
            name: getattr(offer, name) for name in ("lead_id", "agent_id", "order_id", "status", "sent_at", "lapses_at")
        },
    )
