"""HTTP of what leads answered (A3.4)."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Final

from asyncpg import Record
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from pydantic import BaseModel, ConfigDict, Field
from servicekit.csv_lines import Delimiter, csv_response
from servicekit.http import router
from servicekit.identity import Caller, Identity
from servicekit.paging import Page, decode_cursor, page_of
from servicekit.problems import not_found

from assignment_svc.conditions import Conditions
from assignment_svc.editing import claimed_for_writing, find_readable
from assignment_svc.locks.routes import LockToken
from assignment_svc.scope import require_supervisor, sight_of
from assignment_svc.surveys import store
from assignment_svc.surveys.answer_survey import answer_survey
from assignment_svc.surveys.shapes import EXPORTED, AnswersIn, AnswersOut, Id, answers_out

_PORTION: Final = 1000


class Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    template_id: Id | None = None
    lead_id: Id | None = None
    project_id: Id | None = None
    limit: int = Field(default=50, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=500)


def survey_answer_routes(database: Database) -> APIRouter:
    routes = router(tags=["surveys"])

    @routes.post("/v1/work-items/{lead_id}/surveys", status_code=201, summary="Fill in an activated survey")
    async def answer(lead_id: str, body: AnswersIn, caller: Caller, lock_token: LockToken = None) -> AnswersOut:
        async with database.unit_of_work() as work:
            item = await claimed_for_writing(work, caller, lead_id, lock_token)
            answer_id = await answer_survey(work, item, caller.user_id, body.model_dump(), lock_token)
            where = Conditions()
            where.add("s.answer_id = ?", answer_id)
            (row,) = await store.list_answers(work, where, 1)
        return answers_out(row)

    @routes.get("/v1/survey-answers", summary="Answers, newest first")
    async def list_answers(caller: Caller, wanted: Annotated[Wanted, Query()]) -> Page[AnswersOut]:
        past = decode_cursor(wanted.cursor, str)
        async with database.unit_of_work() as work:
            if wanted.lead_id is not None:
                await find_readable(work, caller, wanted.lead_id)
            rows = await _read(work, caller, wanted, past[0] if past else None, wanted.limit + 1)
        return page_of(rows, wanted.limit, answers_out, lambda row: (row["answer_id"],))

    @routes.get("/v1/survey-answers/export", summary="Answers to a survey as CSV", response_class=StreamingResponse)
    async def export(
        caller: Caller, template_id: Annotated[Id, Query()], delimiter: Delimiter = "comma"
    ) -> StreamingResponse:
        """A column per question that any version has or had."""
        require_supervisor(caller)
        async with database.unit_of_work() as work:
            keys = await store.read_keys(work, template_id)
        if not keys:
            raise not_found()
        lines = _portions(database, caller, Wanted(template_id=template_id), keys)
        return csv_response("survey-answers", (*EXPORTED, *keys), lines, delimiter)

    return routes


async def _read(work: UnitOfWork, caller: Identity, wanted: Wanted, before: str | None, limit: int) -> list[Record]:
    where = Conditions()
    where.add_given("s.template_id = ?", wanted.template_id)
    where.add_given("s.lead_id = ?", wanted.lead_id)
    where.add_given("l.project_id = ?", wanted.project_id)
    where.add_given("s.answer_id < ?", before)
    (await sight_of(work, caller)).narrow(where)
    return await store.list_answers(work, where, limit)


async def _portions(
    database: Database, caller: Identity, wanted: Wanted, keys: Sequence[str]
) -> AsyncIterator[Sequence[Sequence[Any]]]:
    before: str | None = None
    while True:
        async with database.unit_of_work() as work:
            rows = await _read(work, caller, wanted, before, _PORTION)
        yield [[*(row[name] for name in EXPORTED), *(_cell(row["answers"].get(key)) for key in keys)] for row in rows]
        if len(rows) < _PORTION:
            return
        before = rows[-1]["answer_id"]


def _cell(answer: Any) -> Any:
    return "; ".join(answer) if isinstance(answer, list) else answer
