"""HTTP of locks."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header
from messaging.database import Database
from pydantic import BaseModel
from servicekit.http import router
from servicekit.identity import Caller
from servicekit.strict_json import MAX_INTEGER

from assignment_svc.locks import hold
from assignment_svc.locks.store import Lock

LockToken = Annotated[
    int | None, Header(ge=-MAX_INTEGER, le=MAX_INTEGER, description="The token of the lock that the write relies on")
]


class LockOut(BaseModel):
    token: str
    holder: str
    expires_at: datetime


def lock_out(lock: Lock) -> LockOut:
    return LockOut(token=str(lock.token), holder=lock.holder, expires_at=lock.expires_at)


def lock_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/work-items/{lead_id}/lock", tags=["locks"])

    @routes.post("", summary="Take the lock, or take it again")
    async def take(lead_id: str, caller: Caller) -> LockOut:
        async with database.unit_of_work() as work:
            return lock_out(await hold.take_lock(work, caller, lead_id))

    @routes.post("/heartbeat", summary="Keep the lock")
    async def keep(lead_id: str, caller: Caller, lock_token: LockToken = None) -> LockOut:
        async with database.unit_of_work() as work:
            return lock_out(await hold.keep_lock(work, caller, lead_id, lock_token))

    @routes.delete("", status_code=204, summary="Give up the lock; by a supervisor without a token: break it")
    async def end(lead_id: str, caller: Caller, lock_token: LockToken = None) -> None:
        async with database.unit_of_work() as work:
            await hold.end_lock(work, caller, lead_id, lock_token)

    return routes
