"""HTTP of templates."""

from datetime import datetime

from fastapi import APIRouter
from messaging.database import Database
from pydantic import BaseModel
from servicekit.http import router
from servicekit.identity import Caller
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of

from notify_svc import scope
from notify_svc.templates import store


class TemplateShape(BaseModel):
    key: str
    version: int
    name: str
    subject: str
    text: str
    html: str
    created_at: datetime


def template_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/templates", tags=["templates"])

    @routes.get("")
    async def list_templates(caller: Caller, limit: Limit = 25, cursor: Cursor = None) -> Page[TemplateShape]:
        scope.check_may_see(caller)
        after = decode_cursor(cursor, str)
        rows = await store.list_templates(database, after[0] if after else "", limit + 1)
        return page_of(rows, limit, lambda row: TemplateShape.model_validate(dict(row)), lambda row: (row["key"],))

    return routes
