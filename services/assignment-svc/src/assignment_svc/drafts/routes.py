"""HTTP of drafts: each their own, also of a lead that somebody else has by now."""

from datetime import datetime

from fastapi import APIRouter
from messaging.database import Database
from pydantic import BaseModel, Field
from servicekit.http import Input, router
from servicekit.identity import Caller
from servicekit.problems import not_found

from assignment_svc.drafts import store
from assignment_svc.editing import find_visible, refuse_erased
from assignment_svc.scope import require_staff


class DraftIn(Input):
    note: str = Field(min_length=1, max_length=4000)


class DraftOut(BaseModel):
    lead_id: str
    note: str
    saved_at: datetime


def draft_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/work-items/{lead_id}/draft", tags=["locks"])

    @routes.get("", summary="Your draft")
    async def read(lead_id: str, caller: Caller) -> DraftOut:
        require_staff(caller)
        async with database.unit_of_work() as work:
            draft = await store.find_draft(work, lead_id, caller.user_id)
        if draft is None:
            raise not_found()
        return DraftOut(lead_id=lead_id, note=draft[0], saved_at=draft[1])

    @routes.put("", summary="Keep a draft; it needs no lock and changes nothing of the lead")
    async def keep(lead_id: str, body: DraftIn, caller: Caller) -> DraftOut:
        async with database.unit_of_work() as work:
            refuse_erased(await find_visible(work, caller, lead_id))
            note, saved_at = await store.put_draft(work, lead_id, caller.user_id, body.note)
        return DraftOut(lead_id=lead_id, note=note, saved_at=saved_at)

    @routes.delete("", status_code=204, summary="Throw your draft away")
    async def throw_away(lead_id: str, caller: Caller) -> None:
        require_staff(caller)
        async with database.unit_of_work() as work:
            await store.delete_draft(work, lead_id, caller.user_id)

    return routes
