"""`/v1/return-flags`: categories of returned leads, made by admins (I2.23)."""

from datetime import datetime
from typing import Annotated

from contracts.ids import new_id
from fastapi import APIRouter, Response
from lead_intake_svc.return_flags import store
from messaging.database import Database
from pydantic import BaseModel, StrictBool, StringConstraints
from servicekit.etag import IfMatch, check_match, etag
from servicekit.http import Input, router
from servicekit.identity import Caller
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import DomainError, conflict, not_found

Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class NewFlag(Input):
    name: Name


class FlagChange(Input):
    """An inactive flag stays on the returns that have it, and is given to no others."""

    name: Name = ""
    active: StrictBool = True


class Flag(BaseModel):
    id: str
    name: str
    active: bool
    version: int
    created_at: datetime


def return_flags_router(database: Database) -> APIRouter:
    routes = router(prefix="/v1/return-flags", tags=["returns"])

    @routes.post("", status_code=201)
    async def create(caller: Caller, wanted: NewFlag, response: Response) -> Flag:
        caller.require("admin")
        async with database.unit_of_work() as work:
            row = await store.insert(work, new_id("rfl"), wanted.name)
        if row is None:
            raise _taken()
        response.headers["ETag"] = etag(row["version"])
        return Flag(**row)

    @routes.get("")
    async def list_flags(
        caller: Caller, active: bool | None = None, limit: Limit = 50, cursor: Cursor = None
    ) -> Page[Flag]:
        caller.require("admin", "supervisor")
        after = decode_cursor(cursor, str)
        async with database.unit_of_work() as work:
            rows = await store.fetch_page(work, active, after[0] if after else None, limit + 1)
        return page_of(rows, limit, lambda row: Flag(**row), lambda row: (row["id"],))

    @routes.patch("/{flag_id}")
    async def change(
        caller: Caller, flag_id: str, wanted: FlagChange, response: Response, if_match: IfMatch = None
    ) -> Flag:
        caller.require("admin")
        values = wanted.model_dump(exclude_unset=True)
        async with database.unit_of_work() as work:
            row = await store.find_locked(work, flag_id)
            if row is None:
                raise not_found()
            check_match(if_match, row["version"])
            after = {"name": row["name"], "active": row["active"], **values}
            row = await store.change(work, flag_id, after["name"], after["active"])
            if row is None:
                raise _taken()
        response.headers["ETag"] = etag(row["version"])
        return Flag(**row)

    @routes.delete("/{flag_id}", status_code=204)
    async def remove(caller: Caller, flag_id: str) -> Response:
        """Raises 409 while a return has it."""
        caller.require("admin")
        async with database.unit_of_work() as work:
            if await store.find_locked(work, flag_id) is None:
                raise not_found()
            if not await store.delete_unused(work, flag_id):
                raise conflict("return-flag-used", "Returned leads have the flag: make it inactive instead.")
        return Response(status_code=204)

    return routes


def _taken() -> DomainError:
    return conflict("return-flag-exists", "There is a flag of that name.")
