"""`/v1/templates`."""

from typing import Any

from asyncpg import Record
from fastapi import APIRouter, Response
from messaging.database import Database
from servicekit.etag import IfMatch, etag
from servicekit.http import router
from servicekit.identity import Caller
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import not_found

from notify_svc import scope
from notify_svc.emails.shapes import Email, shape_email
from notify_svc.sending.addresses import one_line
from notify_svc.templates import store
from notify_svc.templates.save_template import FIELDS, change_template, create_template, delete_template, render, stored
from notify_svc.templates.send_test import send_test
from notify_svc.templates.shapes import (
    NewTemplate,
    Preview,
    PreviewOf,
    TemplatePatch,
    TemplateShape,
    TestSend,
    shape,
)
from notify_svc.templates.store import TemplateContent

NEWEST = 2**31 - 1


def template_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/templates", tags=["templates"])

    @routes.get("")
    async def list_templates(caller: Caller, limit: Limit = 25, cursor: Cursor = None) -> Page[TemplateShape]:
        scope.check_may_see(caller)
        after = decode_cursor(cursor, str)
        rows = await store.list_templates(database, after[0] if after else "", limit + 1)
        return page_of(rows, limit, shape, lambda row: (row["key"],))

    @routes.post("", status_code=201)
    async def create(caller: Caller, body: NewTemplate, response: Response) -> TemplateShape:
        scope.check_may_see(caller)
        content: dict[str, Any] = {name: stored(value) for name, value in body.model_dump().items()}
        async with database.unit_of_work() as work:
            row = await create_template(work, TemplateContent(**content), caller.user_id)
        response.headers["Location"] = f"/v1/templates/{row['key']}"
        return _answer(row, response)

    @routes.get("/{template_id}")
    async def read(caller: Caller, template_id: str, response: Response) -> TemplateShape:
        scope.check_may_see(caller)
        return _answer(await _found(database, template_id), response)

    @routes.get("/{template_id}/versions")
    async def versions(
        caller: Caller, template_id: str, limit: Limit = 25, cursor: Cursor = None
    ) -> Page[TemplateShape]:
        """Newest first: who changed what, and what mails were made of."""
        scope.check_may_see(caller)
        await _found(database, template_id)
        before = decode_cursor(cursor, int)
        rows = await store.list_versions(database, template_id, min(before[0], NEWEST) if before else NEWEST, limit + 1)
        return page_of(rows, limit, shape, lambda row: (row["version"],))

    @routes.patch("/{template_id}")
    async def change(
        caller: Caller, template_id: str, body: TemplatePatch, response: Response, if_match: IfMatch = None
    ) -> TemplateShape:
        scope.check_may_see(caller)
        async with database.unit_of_work() as work:
            row = await change_template(work, template_id, body.sent(), if_match, caller.user_id)
        return _answer(row, response)

    @routes.delete("/{template_id}", status_code=204)
    async def delete(caller: Caller, template_id: str) -> None:
        scope.check_may_see(caller)
        async with database.unit_of_work() as work:
            await delete_template(work, template_id)

    _trial_routes(routes, database)
    return routes


def _trial_routes(routes: APIRouter, database: Database) -> None:
    @routes.post("/{template_id}/preview")
    async def preview(caller: Caller, template_id: str, body: PreviewOf) -> Preview:
        """Nothing is stored, also of parts that are tried out."""
        scope.check_may_see(caller)
        row = await _found(database, template_id)
        tried: dict[str, Any] = {name: stored(value) for name, value in body.sent().items()}
        content = TemplateContent(**({name: row[name] for name in FIELDS} | tried))
        rendered = render(content, content.sample)
        return Preview(subject=one_line(rendered.subject), html=rendered.html or None, text=rendered.text)

    @routes.post("/{template_id}/test", status_code=202)
    async def test(caller: Caller, template_id: str, body: TestSend) -> Email:
        scope.check_may_see(caller)
        row = await _found(database, template_id)
        async with database.unit_of_work() as work:
            email = await send_test(work, row, body.to, body.sent().get("sample", row["sample"]))
        return shape_email(email)


async def _found(database: Database, template_id: str) -> Record:
    """Raises 404."""
    row = await store.find(database, template_id)
    if row is None:
        raise not_found()
    return row


def _answer(row: Record, response: Response) -> TemplateShape:
    response.headers["ETag"] = etag(row["version"])
    return shape(row)
