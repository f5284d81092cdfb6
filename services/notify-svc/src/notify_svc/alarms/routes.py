"""`/v1/alarms`."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from messaging.database import Database
from pydantic import BaseModel, Field
from servicekit.http import router
from servicekit.identity import Caller
from servicekit.paging import Page, decode_cursor, page_of

from notify_svc import scope
from notify_svc.alarms import store
from notify_svc.shapes import PageQuery


class AlarmQuery(PageQuery):
    alarm: str | None = Field(default=None, max_length=100)


class Alarm(BaseModel):
    """The same trouble again counts up; `told_at` is when people were last told of it."""

    id: str
    alarm: str
    key: str
    source: str
    detail: str
    project_id: str | None
    lead_id: str | None
    times: int
    first_at: datetime
    last_at: datetime
    told_at: datetime | None


def alarm_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/alarms", tags=["alarms"])

    @routes.get("")
    async def list_alarms(caller: Caller, query: Annotated[AlarmQuery, Query()]) -> Page[Alarm]:
        """What was raised last comes first."""
        scope.check_may_see(caller)
        before = decode_cursor(query.cursor, datetime, str)
        after = (before[0], before[1]) if before else None
        rows = await store.list_page(database, after, query.limit + 1, query.alarm)
        return page_of(
            rows, query.limit, lambda row: Alarm.model_validate(dict(row)), lambda row: (row["last_at"], row["id"])
        )

    return routes
