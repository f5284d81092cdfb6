"""HTTP of cases."""

from datetime import datetime
from typing import Annotated

from asyncpg import Record
from fastapi import APIRouter, Query
from messaging.database import Database
from servicekit.http import router
from servicekit.identity import Caller, Identity
from servicekit.paging import Page, decode_cursor, page_of
from servicekit.problems import DomainError, not_found

from validation_svc import scope
from validation_svc.cases import shapes, store
from validation_svc.cases.decide_cases import decide_cases
from validation_svc.cases.reopen_case import reopen_case
from validation_svc.cases.rules import repeated_leads


def case_routes(database: Database, *, max_attempts: int) -> APIRouter:
    routes = router(prefix="/v1/validation", tags=["validation"])
    _add_reads(routes, database)
    _add_decisions(routes, database, max_attempts)

    @routes.post("/cases/{lead_id}/reopen")
    async def reopen(lead_id: str, body: shapes.ReopenInput, caller: Caller) -> shapes.AnyCase:
        scope.check_may_reopen(caller)
        async with database.unit_of_work() as work:
            row = await reopen_case(work, lead_id, caller.user_id, body.reason)
        return _shaped(row, caller)

    return routes


def _add_reads(routes: APIRouter, database: Database) -> None:
    @routes.get("/cases")
    async def list_cases(query: Annotated[shapes.CaseQuery, Query()], caller: Caller) -> Page[shapes.AnyCase]:
        scope.check_may_work(caller)
        filters = store.CaseFilters(query.status, query.project_id, query.attempts)
        after = decode_cursor(query.cursor, datetime, str)
        rows = await store.list_cases(database, filters, after, query.limit + 1)
        return page_of(
            rows, query.limit, lambda row: _shaped(row, caller), lambda row: (row["received_at"], row["lead_id"])
        )

    @routes.get("/cases/{lead_id}")
    async def read_case(lead_id: str, caller: Caller) -> shapes.AnyCaseWithNotes:
        scope.check_may_work(caller)
        row = await store.read_case(database, lead_id)
        if row is None:
            raise not_found()
        notes = await store.read_notes(database, lead_id)
        return shapes.shape_case_with_notes(row, notes, all_columns=scope.sees_all_columns(caller))


def _add_decisions(routes: APIRouter, database: Database, max_attempts: int) -> None:
    @routes.post("/cases/{lead_id}/decision")
    async def decide(lead_id: str, body: shapes.DecisionInput, caller: Caller) -> shapes.AnyCase:
        scope.check_may_work(caller)
        async with database.unit_of_work() as work:
            [result] = await decide_cases(work, [body.on(lead_id)], _decider(caller), max_attempts)
        if isinstance(result, DomainError):
            raise result
        return _shaped(result, caller)

    @routes.post("/decisions/batch")
    async def decide_batch(body: shapes.BatchInput, caller: Caller) -> shapes.BatchAnswer:
        scope.check_may_work(caller)
        repeated = repeated_leads([decision.lead_id for decision in body.decisions])
        asked = [(i, d.on(d.lead_id)) for i, d in enumerate(body.decisions) if i not in repeated]
        async with database.unit_of_work() as work:
            outcomes = await decide_cases(work, [d for _, d in asked], _decider(caller), max_attempts)
        results = {i: _result(i, d.lead_id, outcome) for (i, d), outcome in zip(asked, outcomes, strict=True)}
        for i in repeated:
            detail = "An earlier row of this batch decides on the same lead."
            results[i] = shapes.BatchResult(index=i, status="skipped", code="lead-repeated", detail=detail)
        return shapes.BatchAnswer(results=[results[i] for i in range(len(body.decisions))])


def _result(index: int, lead_id: str, outcome: Record | DomainError) -> shapes.BatchResult:
    if isinstance(outcome, DomainError):
        return shapes.BatchResult(index=index, status="failed", code=outcome.code, detail=outcome.detail)
    return shapes.BatchResult(index=index, status="ok", id=lead_id)


def _decider(caller: Identity) -> store.Decider:
    return store.Decider(caller.user_id, decides_exhausted=scope.may_decide_exhausted(caller))


def _shaped(row: Record, caller: Identity) -> shapes.AnyCase:
    return shapes.shape_case(row, all_columns=scope.sees_all_columns(caller))
