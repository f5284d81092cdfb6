"""HTTP of the queue: claim, overview, and why not."""

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from asyncpg import Record
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from messaging.database import Database
from messaging.sight import EVERYTHING, seeing
from messaging.trace import current_trace
from pydantic import BaseModel
from servicekit.etag import etag
from servicekit.http import Input, router
from servicekit.idempotency import KEY_HEADER
from servicekit.identity import Caller, Identity
from servicekit.problems import forbidden

from assignment_svc.editing import find_visible
from assignment_svc.locks.routes import LockOut
from assignment_svc.queue.claims.claim_leads import ClaimDesk, ClaimRequest, NothingEligible, Outcome
from assignment_svc.queue.claims.counter import ClaimCounter
from assignment_svc.queue.claims.route import claim_route
from assignment_svc.queue.eligibility.examine import Asking, examine_lead
from assignment_svc.queue.overview import ProjectQueue, read_overview
from assignment_svc.reading.shapes import WorkItemOut, work_item
from assignment_svc.scope import REQUEST, scope_of


class ClaimIn(Input):
    project_id: str | None = None


class ClaimOut(BaseModel):
    work_item: WorkItemOut
    lock: LockOut


class FailingOut(BaseModel):
    code: str
    detail: str
    until: datetime | None


class EligibilityOut(BaseModel):
    eligible: bool
    failing: list[FailingOut]


class QueueOut(BaseModel):
    data: list[ProjectQueue]


def claim_routes(database: Database, desk: ClaimDesk, counter: ClaimCounter) -> APIRouter:
    async def claim_next(caller: Identity, project_id: str | None = None) -> Response:
        _require_agent(caller)
        return _answer(await counter.claim(ClaimRequest(caller.user_id, project_id, current_trace.get())))

    routes = APIRouter(route_class=claim_route(claim_next), tags=["queue"])

    @routes.post(
        "/v1/queue/claim",
        summary="Request the next lead",
        response_model=ClaimOut,
        responses={204: {"description": "Nothing is eligible; `Next-Eligible-At` says when, if that is known."}},
    )
    async def claim(request: Request, caller: Caller, body: ClaimIn | None = None) -> Response:
        project_id = body.project_id if body else None
        if KEY_HEADER not in request.headers:
            return await claim_next(caller, project_id)
        _require_agent(caller)
        wanted = ClaimRequest(caller.user_id, project_id, current_trace.get())
        async with database.unit_of_work() as work:  # the one that stores the answer for a repeat
            return _answer((await desk.claim(work, [wanted]))[caller.user_id])

    return routes


def queue_routes(database: Database, desk: ClaimDesk) -> APIRouter:
    routes = router(tags=["queue"])

    @routes.get("/v1/queue", summary="What waits, per project")
    async def overview(caller: Caller) -> QueueOut:
        scope = scope_of(caller)
        # Of own campaigns: counts, of leads that are not the agent's.
        with seeing(EVERYTHING):
            async with database.unit_of_work() as work:
                return QueueOut(data=await read_overview(work, desk.reference, scope.agent_id))

    @routes.get("/v1/work-items/{lead_id}/eligibility", summary="Why may this agent not have this lead?")
    async def eligibility(
        lead_id: str, caller: Caller, agent_id: Annotated[str | None, Query(max_length=100)] = None
    ) -> EligibilityOut:
        limits = desk.limits
        asking = Asking(lead_id, agent_id or caller.user_id, limits.cap, limits.offline_after, datetime.now(UTC))
        async with database.unit_of_work() as work:
            await find_visible(work, caller, lead_id)
        # Who may see the lead may know why: for its number being on a list, or other leads of it being worked on.
        with seeing(EVERYTHING):
            async with database.unit_of_work() as work:
                failing = await examine_lead(work, asking)
        told = [FailingOut(code=one.code, detail=one.detail, until=one.until) for one in failing]
        return EligibilityOut(eligible=not failing, failing=told)

    return routes


def _require_agent(caller: Identity) -> None:
    if caller.access_level != "leads_agent" or REQUEST not in caller.permissions:
        raise forbidden("forbidden", "Only leads agents with the permission to request leads can claim.")


def _answer(outcome: Outcome) -> Response:
    """Encoded by hand: validating our own row again would cost as much as the claim."""
    if isinstance(outcome, NothingEligible):
        known = {} if outcome.next_at is None else {"Next-Eligible-At": _rfc3339(outcome.next_at)}
        return Response(status_code=204, headers=known)
    body = msgspec.json.encode({"work_item": work_item(outcome), "lock": _lock(outcome)})
    return Response(body, media_type="application/json", headers={"ETag": etag(outcome["version"])})


def _lock(row: Record) -> dict[str, Any]:
    return {"token": str(row["token"]), "holder": row["agent_id"], "expires_at": row["lock_expires_at"]}


def _rfc3339(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
