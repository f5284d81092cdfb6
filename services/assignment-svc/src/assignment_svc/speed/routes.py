"""HTTP of the speed-to-lead clock."""

from datetime import UTC, datetime

from fastapi import APIRouter
from messaging.database import Database
from pydantic import BaseModel
from servicekit.http import router
from servicekit.identity import Caller
from servicekit.problems import not_found

from assignment_svc.editing import find_visible
from assignment_svc.speed import store
from assignment_svc.speed.watch import read_clock


class ClockOut(BaseModel):
    """`elapsed_seconds` counts legal calling time only; `due_at`: when the target will be reached."""

    lead_id: str
    started_at: datetime
    stopped_at: datetime | None
    running: bool
    elapsed_seconds: float
    target_seconds: float | None
    due_at: datetime | None
    missed: bool


def speed_routes(database: Database) -> APIRouter:
    routes = router(tags=["work items"])

    @routes.get("/v1/work-items/{lead_id}/clock", summary="How long the lead has waited for its first call")
    async def clock(lead_id: str, caller: Caller) -> ClockOut:
        async with database.unit_of_work() as work:
            await find_visible(work, caller, lead_id)
            found = await store.find_timed(work, [lead_id])
        if not found:
            raise not_found()
        (one,) = found
        reading = read_clock(one, datetime.now(UTC))
        return ClockOut(
            lead_id=lead_id,
            started_at=one.received_at,
            stopped_at=one.called_at,
            running=reading.running,
            elapsed_seconds=reading.elapsed.total_seconds(),
            target_seconds=None if one.target is None else one.target.total_seconds(),
            due_at=reading.due_at,
            missed=one.target is not None and reading.elapsed >= one.target,
        )

    return routes
