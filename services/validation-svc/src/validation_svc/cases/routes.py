"""HTTP of single cases."""

from datetime import timedelta

from asyncpg import Record
from fastapi import APIRouter
from messaging.database import Database
from servicekit.http import router
from servicekit.identity import Caller, Identity
from servicekit.problems import DomainError, not_found

from validation_svc import scope
from validation_svc.cases import shapes, store
from validation_svc.cases.decide_cases import decide_cases
from validation_svc.cases.flag_case import flag_case
from validation_svc.cases.reopen_case import reopen_case
from validation_svc.cases.rules import repeated_leads
from validation_svc.next_case.routes import following
from validation_svc.next_case.store import lock_validator


def case_routes(database: Database, *, attempts: store.AttemptRules, lease: timedelta) -> APIRouter:
    routes = router(prefix="/v1/validation", tags=["validation"])
    _add_decision(routes, database, attempts, lease)
    _add_batch(routes, database, attempts)

    @routes.get("/cases/{lead_id}")
    async def read_case(lead_id: str, caller: Caller) -> shapes.AnyCaseWithNotes:
        scope.check_may_work(caller)
        row = await store.read_case(database, lead_id, sees_all=scope.sees_all(caller))
        if row is None:
            raise not_found()
        notes = await store.read_notes(database, lead_id, sees_all=scope.sees_all(caller))
        return shapes.shape_case_with_notes(row, notes, all_columns=scope.sees_all(caller))

    @routes.post("/cases/{lead_id}/reopen")
    async def reopen(lead_id: str, body: shapes.ReopenInput, caller: Caller) -> shapes.AnyCase:
        scope.check_may_settle(caller)
        async with database.unit_of_work() as work:
            row = await reopen_case(work, lead_id, caller.user_id, body.reason)
        return shapes.shape_case(row, all_columns=scope.sees_all(caller))

    @routes.post("/cases/{lead_id}/flag")
    async def flag(lead_id: str, body: shapes.FlagInput, caller: Caller) -> shapes.AnyCase:
        scope.check_may_settle(caller)
        async with database.unit_of_work() as work:
            row = await flag_case(work, lead_id, caller.user_id, valid=body.valid, reason=body.reason)
        return shapes.shape_case(row, all_columns=scope.sees_all(caller))

    return routes


def _add_decision(routes: APIRouter, database: Database, attempts: store.AttemptRules, lease: timedelta) -> None:
    @routes.post("/cases/{lead_id}/decision")
    async def decide(lead_id: str, body: shapes.DecisionInput, caller: Caller) -> shapes.AnyDecidedCase:
        scope.check_may_work(caller)
        next_case = None
        async with database.unit_of_work() as work:
            if body.next is not None:  # before the row of the case, as whoever only asks for the next one does
                await lock_validator(work, caller.user_id)
            [result] = await decide_cases(work, [body.on(lead_id)], _decider(caller), attempts)
            if isinstance(result, DomainError):
                raise result
            if body.next is not None:
                next_case = await following(work, caller, body.next, lease)
        return shapes.shape_decided(result, next_case, all_columns=scope.sees_all(caller))


def _add_batch(routes: APIRouter, database: Database, attempts: store.AttemptRules) -> None:
    @routes.post("/decisions/batch")
    async def decide_batch(body: shapes.BatchInput, caller: Caller) -> shapes.BatchAnswer:
        scope.check_may_work(caller)
        repeated = repeated_leads([decision.lead_id for decision in body.decisions])
        asked = [(i, d.on(d.lead_id)) for i, d in enumerate(body.decisions) if i not in repeated]
        async with database.unit_of_work() as work:
            outcomes = await decide_cases(work, [d for _, d in asked], _decider(caller), attempts)
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
    return store.Decider(
        caller.user_id, sees_all=scope.sees_all(caller), decides_exhausted=scope.may_decide_exhausted(caller)
    )
