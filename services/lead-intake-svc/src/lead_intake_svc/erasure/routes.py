"""`/v1/erasures`, its holds, and access requests (I2.27). Values travel in bodies, never in addresses."""

from collections.abc import Sequence
from typing import Any

import msgspec
from asyncpg import Record
from fastapi import APIRouter, Request, Response
from lead_intake_svc.access.collect import collect
from lead_intake_svc.erasure import hold, store
from lead_intake_svc.erasure.erase_person import erase_person
from lead_intake_svc.erasure.shapes import Erasure, Hold, HoldWanted, PersonWanted, Receipt
from lead_intake_svc.suppressions.hashing import Hashing
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from servicekit.http import router
from servicekit.identity import Caller
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import not_found


def erasures_routers(database: Database, hashing: Hashing) -> tuple[APIRouter, ...]:
    """The longer paths first."""
    return _holds(database), _access(database, hashing), _erasures(database, hashing)


def _erasures(database: Database, hashing: Hashing) -> APIRouter:
    routes = router(prefix="/v1/erasures", tags=["erasure"])

    @routes.post("", status_code=201)
    async def erase(caller: Caller, wanted: PersonWanted, request: Request, response: Response) -> Erasure:
        """What this service keeps is gone with the answer; `receipts` fill up as the others follow."""
        caller.require("admin")
        async with database.unit_of_work() as work:
            erasure_id = await erase_person(work, wanted, hashing, caller.user_id)
            row = await store.find(work, erasure_id)
            assert row is not None  # noqa: S101 -- it was made a moment ago
            (shown,) = await _shown(work, [row])
        response.headers["Location"] = f"{request.url.path}/{erasure_id}"
        return shown

    @routes.get("")
    async def list_erasures(caller: Caller, limit: Limit = 50, cursor: Cursor = None) -> Page[Erasure]:
        caller.require("admin")
        before = decode_cursor(cursor, str)
        async with database.unit_of_work() as work:
            rows = await store.fetch_page(work, before[0] if before else None, limit + 1)
            shown = {erasure.id: erasure for erasure in await _shown(work, rows)}
        return page_of(rows, limit, lambda row: shown[row["id"]], lambda row: (row["id"],))

    @routes.get("/{erasure_id}")
    async def read(caller: Caller, erasure_id: str) -> Erasure:
        caller.require("admin")
        async with database.unit_of_work() as work:
            row = await store.find(work, erasure_id)
            if row is None:
                raise not_found()
            (shown,) = await _shown(work, [row])
        return shown

    return routes


async def _shown(work: UnitOfWork, rows: Sequence[Record]) -> list[Erasure]:
    receipts: dict[str, list[Receipt]] = {row["id"]: [] for row in rows}
    for receipt in await store.receipts(work, list(receipts)):
        receipts[receipt["erasure_id"]].append(Receipt(**receipt))
    return [Erasure(**row, receipts=receipts[row["id"]]) for row in rows]


def _access(database: Database, hashing: Hashing) -> APIRouter:
    routes = router(prefix="/v1/erasures/access", tags=["erasure"])

    @routes.post("", response_class=Response, responses={200: {"content": {"application/json": {}}}})
    async def give_access(caller: Caller, wanted: PersonWanted) -> Response:
        """A file with everything that is known about the person; it says itself what it covers."""
        caller.require("admin")
        async with database.unit_of_work() as work:
            found = await collect(work, wanted, hashing)
        headers = {"Content-Disposition": 'attachment; filename="personal-data.json"', "Cache-Control": "no-store"}
        body = msgspec.json.format(msgspec.json.encode(found), indent=2)
        return Response(body, media_type="application/json", headers=headers)

    # The answer is not kept for repeats: it would be one more copy of what it tells.
    kept_nowhere: Any = give_access
    kept_nowhere.handles_idempotency = True
    return routes


def _holds(database: Database) -> APIRouter:
    routes = router(prefix="/v1/erasures/holds", tags=["erasure"])

    @routes.post("", status_code=201)
    async def set_hold(caller: Caller, wanted: HoldWanted) -> Hold:
        caller.require("admin")
        async with database.unit_of_work() as work:
            return Hold(**await hold.set_hold(work, wanted, caller.user_id))

    @routes.get("")
    async def list_holds(
        caller: Caller, live: bool | None = None, limit: Limit = 50, cursor: Cursor = None
    ) -> Page[Hold]:
        caller.require("admin")
        before = decode_cursor(cursor, str)
        async with database.unit_of_work() as work:
            rows = await store.fetch_holds(work, live, before[0] if before else None, limit + 1)
        return page_of(rows, limit, lambda row: Hold(**row), lambda row: (row["id"],))

    @routes.delete("/{hold_id}")
    async def lift_hold(caller: Caller, hold_id: str) -> Hold:
        """It is lifted, and stays to be seen until the person is erased."""
        caller.require("admin")
        async with database.unit_of_work() as work:
            return Hold(**await hold.lift_hold(work, hold_id, caller.user_id))

    return routes
