"""`/v1/partners/{id}/api-keys` (I2.14)."""

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Response
from lead_intake_svc import scope
from lead_intake_svc.keys import store
from lead_intake_svc.keys.key_format import digest, make_key, new_key_id
from lead_intake_svc.keys.shapes import IssuedKey, Key, NewKeyWanted, Rotation
from lead_intake_svc.partners.store import find
from lead_intake_svc.reference.store import bump
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from servicekit.http import router
from servicekit.idempotency import without
from servicekit.identity import Caller
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import not_found


def keys_router(database: Database, pepper: bytes) -> APIRouter:
    routes = router(prefix="/v1/partners/{partner_id}/api-keys", tags=["partner keys"])

    @routes.post("", status_code=201)
    async def issue(caller: Caller, partner_id: str, wanted: NewKeyWanted) -> IssuedKey:
        caller.require("admin")
        key = make_key(test=wanted.test)
        async with database.unit_of_work() as work:
            await _require_partner(work, partner_id)
            row = await store.insert(work, partner_id, key.id, digest(pepper, key.text), wanted.model_dump())
            await bump(work, "keys")
        return IssuedKey(**row, key=key.text)

    issue.answer_to_keep = without("key")  # pyright: ignore[reportFunctionMemberAccess] -- read by servicekit's route

    @routes.post("/{key_id}/rotate", status_code=201)
    async def rotate(caller: Caller, partner_id: str, key_id: str, wanted: Rotation) -> IssuedKey:
        """A new key with the name, scopes and kind of the old one; both work until the old one ends."""
        caller.require("admin")
        ends_at = datetime.now(UTC) + timedelta(hours=wanted.keep_old_hours)
        async with database.unit_of_work() as work:
            new_id = new_key_id()
            old = await store.rotate(work, partner_id, key_id, new_id, ends_at)
            if old is None:
                raise not_found()
            key = make_key(test=old["test"], key_id=new_id)
            row = await store.insert(work, partner_id, key.id, digest(pepper, key.text), dict(old))
            await bump(work, "keys")
        return IssuedKey(**row, key=key.text)

    rotate.answer_to_keep = without("key")  # pyright: ignore[reportFunctionMemberAccess] -- read by servicekit's route

    @routes.get("")
    async def list_keys(caller: Caller, partner_id: str, limit: Limit = 50, cursor: Cursor = None) -> Page[Key]:
        if scope.partners_of(caller) not in {None, partner_id}:
            raise not_found()
        after = decode_cursor(cursor, str)
        async with database.unit_of_work() as work:
            await _require_partner(work, partner_id)
            rows = await store.fetch_page(work, partner_id, after[0] if after else None, limit + 1)
        return page_of(rows, limit, lambda row: Key(**row), lambda row: (row["id"],))

    @routes.delete("/{key_id}", status_code=204)
    async def revoke(caller: Caller, partner_id: str, key_id: str) -> Response:
        caller.require("admin")
        async with database.unit_of_work() as work:
            if not await store.revoke(work, partner_id, key_id):
                raise not_found()
            await bump(work, "keys")
        return Response(status_code=204)

    return routes


async def _require_partner(work: UnitOfWork, partner_id: str) -> None:
    if await find(work, partner_id) is None:
        raise not_found()
