"""`/v1/notification-rules`."""

from asyncpg import Record
from fastapi import APIRouter, Response
from messaging.database import Database
from servicekit.etag import IfMatch, etag
from servicekit.http import router
from servicekit.identity import Caller
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import not_found

from notify_svc import scope
from notify_svc.rules import store
from notify_svc.rules.change_rules import change_rule, create_rule, delete_rule
from notify_svc.rules.shapes import NewRule, RulePatch, RuleShape, RuleVersion, shape
from notify_svc.rules.store import RuleContent

NEWEST = 2**63 - 1


def rule_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/notification-rules", tags=["notification rules"])

    @routes.get("")
    async def list_rules(caller: Caller, limit: Limit = 25, cursor: Cursor = None) -> Page[RuleShape]:
        scope.check_may_see(caller)
        after = decode_cursor(cursor, str)
        rows = await store.list_page(database, after[0] if after else "", limit + 1)
        return page_of(rows, limit, shape, lambda row: (row["id"],))

    @routes.post("", status_code=201)
    async def create(caller: Caller, body: NewRule, response: Response) -> RuleShape:
        scope.check_may_see(caller)
        async with database.unit_of_work() as work:
            row = await create_rule(work, RuleContent(**body.model_dump()), caller.user_id)
        response.headers["Location"] = f"/v1/notification-rules/{row['id']}"
        return _answer(row, response)

    @routes.get("/{rule_id}")
    async def read(caller: Caller, rule_id: str, response: Response) -> RuleShape:
        scope.check_may_see(caller)
        row = await store.find(database, rule_id)
        if row is None:
            raise not_found()
        return _answer(row, response)

    @routes.get("/{rule_id}/versions")
    async def versions(caller: Caller, rule_id: str, limit: Limit = 25, cursor: Cursor = None) -> Page[RuleVersion]:
        """What it said before, newest first; also of one that was deleted."""
        scope.check_may_see(caller)
        before = decode_cursor(cursor, int)
        rows = await store.list_versions(database, rule_id, before[0] if before else NEWEST, limit + 1)
        return page_of(rows, limit, lambda row: RuleVersion.model_validate(dict(row)), lambda row: (row["version"],))

    @routes.patch("/{rule_id}")
    async def change(
        caller: Caller, rule_id: str, body: RulePatch, response: Response, if_match: IfMatch = None
    ) -> RuleShape:
        scope.check_may_see(caller)
        changes = {name: value for name, value in body.model_dump().items() if name in body.model_fields_set}
        async with database.unit_of_work() as work:
            row = await change_rule(work, rule_id, changes, if_match, caller.user_id)
        return _answer(row, response)

    @routes.delete("/{rule_id}", status_code=204)
    async def delete(caller: Caller, rule_id: str) -> None:
        scope.check_may_see(caller)
        async with database.unit_of_work() as work:
            await delete_rule(work, rule_id)

    return routes


def _answer(row: Record, response: Response) -> RuleShape:
    response.headers["ETag"] = etag(row["version"])
    return shape(row)
