"""`/v1/leads/{id}/replacement`: what a lead came in the stead of, set and undone by admins (I2.22)."""

from typing import Annotated

from fastapi import APIRouter, Response
from lead_intake_svc.replacements.flag_replacement import flag_replacement, undo_replacement
from messaging.database import Database
from pydantic import BaseModel, StringConstraints
from servicekit.http import Input, router
from servicekit.identity import Caller


class ReplacementWanted(Input):
    """`original_id` is our id of the returned lead, or the one that the partner gave it."""

    original_id: Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Replacement(BaseModel):
    original_id: str
    replacement_id: str


def replacements_router(database: Database) -> APIRouter:
    routes = router(prefix="/v1/leads/{lead_id}/replacement", tags=["returns"])

    @routes.put("")
    async def flag(caller: Caller, lead_id: str, wanted: ReplacementWanted) -> Replacement:
        caller.require("admin")
        async with database.unit_of_work() as work:
            original_id = await flag_replacement(work, lead_id, wanted.original_id, caller.user_id)
        return Replacement(original_id=original_id, replacement_id=lead_id)

    @routes.delete("", status_code=204)
    async def undo(caller: Caller, lead_id: str) -> Response:
        caller.require("admin")
        async with database.unit_of_work() as work:
            await undo_replacement(work, lead_id)
        return Response(status_code=204)

    return routes
