"""`/v1/dead-letters/{service}` (O7.3): for admins, the same in every service."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from messaging import dead_letters
from messaging.database import Database

from servicekit.dead_letters import shapes
from servicekit.dead_letters.decide import Decision, decide
from servicekit.idempotency import Route
from servicekit.identity import Caller, allow
from servicekit.paging import Page, decode_cursor, page_of
from servicekit.problems import not_found

ADMINS = ("admin",)


def dead_letter_routes(name: str, database: Database) -> APIRouter:
    routes = APIRouter(route_class=Route, prefix=f"/v1/dead-letters/{name}", tags=["dead-letters"])

    @routes.get("", summary="Dead letters one by one, newest first")
    async def list_letters(caller: Caller, wanted: Annotated[shapes.LettersWanted, Query()]) -> Page[shapes.Letter]:
        allow(caller, ADMINS)
        before = decode_cursor(wanted.cursor, datetime, UUID)
        async with database.unit_of_work() as work:
            rows = await dead_letters.list_page(work, wanted.choice(), wanted.state, before, wanted.limit + 1)
        return page_of(rows, wanted.limit, shapes.show, lambda entry: (entry.died_at, entry.id))

    @routes.get("/groups", summary="How many wait, by their cause")
    async def list_groups(caller: Caller) -> shapes.LetterGroups:
        allow(caller, ADMINS)
        async with database.unit_of_work() as work:
            groups = await dead_letters.list_groups(work)
        return shapes.LetterGroups(data=[shapes.show_group(group) for group in groups])

    @routes.get("/{letter_id}", summary="A dead letter; of its message only ids and names of fields")
    async def read(caller: Caller, letter_id: UUID) -> shapes.LetterInFull:
        allow(caller, ADMINS)
        async with database.unit_of_work() as work:
            entry = await dead_letters.show(work, letter_id)
        if entry is None:
            raise not_found()
        return shapes.show_in_full(entry)

    @routes.post("/replay", summary="Bring letters back to their queues, not faster than the rate")
    async def replay(caller: Caller, wanted: shapes.ReplayWanted) -> shapes.Decided:
        """Under their own ids: what had its effect already has none again."""
        allow(caller, ADMINS)
        decision = Decision("replay", wanted.dry_run, wanted.rate_per_second)
        async with database.unit_of_work() as work:
            count = await decide(work, wanted.choice(), decision, caller.user_id)
        return shapes.Decided(count=count, dry_run=wanted.dry_run)

    @routes.post("/discard", summary="Decide that letters will never be handled")
    async def discard(caller: Caller, wanted: shapes.DiscardWanted) -> shapes.Decided:
        """They are kept, with who decided it."""
        allow(caller, ADMINS)
        decision = Decision("discard", wanted.dry_run, reason=wanted.reason)
        async with database.unit_of_work() as work:
            count = await decide(work, wanted.choice(), decision, caller.user_id)
        return shapes.Decided(count=count, dry_run=wanted.dry_run)

    return routes
