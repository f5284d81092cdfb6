"""HTTP of the next case."""

from datetime import timedelta

from fastapi import APIRouter, Response
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from servicekit.http import router
from servicekit.identity import Caller, Identity

from validation_svc import scope
from validation_svc.cases.shapes import NextCase, NextInput, shape_next
from validation_svc.cases.store import read_notes
from validation_svc.next_case import store
from validation_svc.next_case.take_next_case import take_next_case


def next_routes(database: Database, *, lease: timedelta) -> APIRouter:
    routes = router(prefix="/v1/validation", tags=["validation"])

    @routes.post("/next", response_model=NextCase, responses={204: {"description": "No case waits for the caller."}})
    async def next_case(caller: Caller, body: NextInput | None = None) -> NextCase | Response:
        scope.check_may_work(caller)
        async with database.unit_of_work() as work:
            found = await following(work, caller, body or NextInput(), lease)
        return found or Response(status_code=204)

    return routes


async def following(work: UnitOfWork, caller: Identity, asked: NextInput, lease: timedelta) -> NextCase | None:
    """The caller's next case in the caller's projection."""
    all_of_it = scope.sees_all(caller)
    by = store.Asking(caller.user_id, sees_all=all_of_it, project_id=asked.project_id)
    row = await take_next_case(work, by, lease, skip=asked.skip)
    if row is None:
        return None
    notes = await read_notes(work, row["lead_id"], sees_all=all_of_it)
    return shape_next(row, notes, all_columns=all_of_it)
