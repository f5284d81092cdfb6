"""HTTP of survey templates (A3.4)."""

from typing import Annotated

from asyncpg import Record
from contracts.ids import new_id
from fastapi import APIRouter, Query, Response
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from servicekit.etag import IfMatch, check_match, etag
from servicekit.http import router
from servicekit.identity import Caller
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import DomainError, Kind, conflict, not_found

from assignment_svc.patches import sent
from assignment_svc.scope import require_staff, require_supervisor
from assignment_svc.surveys import store
from assignment_svc.surveys.shapes import SurveyIn, SurveyOut, SurveyPatch, survey_out
from assignment_svc.templates.store import find_uses

Version = Annotated[int | None, Query(ge=1, le=10**9)]


def survey_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/survey-templates", tags=["surveys"])

    @routes.get("", summary="Survey templates")
    async def list_surveys(
        caller: Caller, active: bool | None = None, limit: Limit = 50, cursor: Cursor = None
    ) -> Page[SurveyOut]:
        require_staff(caller)
        past = decode_cursor(cursor, str)
        async with database.unit_of_work() as work:
            rows = await store.list_surveys(work, active, past[0] if past else None, limit + 1)
        return page_of(rows, limit, survey_out, lambda row: (row["template_id"],))

    @routes.post("", status_code=201, summary="Make a survey template")
    async def make(body: SurveyIn, caller: Caller, response: Response) -> SurveyOut:
        require_supervisor(caller)
        template_id = new_id("svy")
        async with database.unit_of_work() as work:
            await store.insert_survey(work, template_id, body.name, body.model_dump()["questions"])
            return _answer(response, await _find(work, template_id))

    @routes.get("/{template_id}", summary="A survey template, as it is or as it was")
    async def read(template_id: str, caller: Caller, response: Response, version: Version = None) -> SurveyOut:
        require_staff(caller)
        async with database.unit_of_work() as work:
            return _answer(response, await _find(work, template_id, version))

    @routes.patch("/{template_id}", summary="Change a survey template: a new version")
    async def change(
        template_id: str, body: SurveyPatch, caller: Caller, response: Response, if_match: IfMatch = None
    ) -> SurveyOut:
        require_supervisor(caller)
        async with database.unit_of_work() as work:
            found = await _find(work, template_id)
            check_match(if_match, found["version"])
            new = sent(body)
            now = {name: new.get(name, found[name]) for name in ("name", "active", "questions")}
            if not await store.change_survey(work, found, now):
                raise conflict("changed-meanwhile", "Somebody changed this survey at the same moment.")
            return _answer(response, await _find(work, template_id))

    @routes.delete("/{template_id}", status_code=204, summary="Delete a survey template that is not used")
    async def delete(template_id: str, caller: Caller) -> None:
        require_supervisor(caller)
        async with database.unit_of_work() as work:
            await _find(work, template_id)
            uses = await find_uses(work, "survey", template_id)
            if uses or await store.is_answered(work, template_id):
                detail = "It is activated for campaigns, or was answered. Take it out of use instead."
                raise DomainError(Kind.CONFLICT, "template-used", detail, extra={"uses": uses})
            await store.delete_survey(work, template_id)

    return routes


async def _find(work: UnitOfWork, template_id: str, version: int | None = None) -> Record:
    found = await store.find_survey(work, template_id, version)
    if found is None:
        raise not_found()
    return found


def _answer(response: Response, row: Record) -> SurveyOut:
    response.headers["ETag"] = etag(row["version"])
    return survey_out(row)
