"""HTTP of the rules of campaigns, and of the centre's defaults."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from pydantic import BaseModel, Field, model_validator
from servicekit.etag import IfMatch, check_match, etag
from servicekit.http import Input, router
from servicekit.identity import Caller
from servicekit.problems import not_found

from assignment_svc.campaigns.store import project_known
from assignment_svc.handing_out import store
from assignment_svc.handing_out.store import DEFAULTS, Rules
from assignment_svc.reference.store import notice
from assignment_svc.scope import require_supervisor
from assignment_svc.timers.store import remind

ClockTime = Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]


class Defaults(Input):
    """What holds for campaigns without rules of their own."""

    callback_public_after_minutes: int = Field(default=60, ge=0, le=10_080)
    speed_target_minutes: int | None = Field(default=None, ge=1, le=10_080)
    speed_warning_minutes: int = Field(default=1, ge=0, le=10_080)
    available_from: ClockTime | None = None
    available_until: ClockTime | None = None

    @model_validator(mode="after")
    def _warns_before(self) -> "Defaults":
        if self.speed_target_minutes is not None and self.speed_warning_minutes >= self.speed_target_minutes:
            raise ValueError("the alarm must come after the lead")
        return self


class RulesIn(Defaults):
    """`pull`: agents request leads. Otherwise they are given, to those who are online and below their cap."""

    mode: Literal["pull", "round_robin", "least_loaded"] = "pull"
    claims_per_agent: int | None = Field(default=None, ge=1, le=10_000)


class RulesOut(BaseModel):
    """`own`: the campaign has rules of its own; otherwise these are the centre's defaults."""

    project_id: str
    own: bool
    mode: str
    claims_per_agent: int | None
    callback_public_after_minutes: int
    speed_target_minutes: int | None
    speed_warning_minutes: int
    available_from: str | None
    available_until: str | None
    version: int


def rules_routes(database: Database) -> APIRouter:
    routes = router(tags=["campaigns"])

    @routes.get("/v1/queue/defaults", summary="What holds for campaigns without rules of their own")
    async def read_defaults(caller: Caller, response: Response) -> RulesOut:
        require_supervisor(caller)
        async with database.unit_of_work() as work:
            return _answer(response, await store.find_rules(work, DEFAULTS) or Rules(DEFAULTS), DEFAULTS)

    @routes.put("/v1/queue/defaults", summary="Replace the centre's defaults")
    async def put_defaults(body: Defaults, caller: Caller, response: Response, if_match: IfMatch = None) -> RulesOut:
        require_supervisor(caller)
        values = RulesIn(**body.model_dump()).model_dump()
        async with database.unit_of_work() as work:
            return _answer(response, await _put(work, DEFAULTS, values, if_match), DEFAULTS)

    @routes.get("/v1/campaigns/{project_id}/rules", summary="How a campaign's leads are given out")
    async def read(project_id: str, caller: Caller, response: Response) -> RulesOut:
        require_supervisor(caller)
        async with database.unit_of_work() as work:
            if not await project_known(work, project_id):
                raise not_found()
            found = await store.find_rules(work, project_id) or await store.find_rules(work, DEFAULTS)
        return _answer(response, found or Rules(DEFAULTS), project_id)

    @routes.put("/v1/campaigns/{project_id}/rules", summary="Replace a campaign's rules")
    async def replace(
        project_id: str, body: RulesIn, caller: Caller, response: Response, if_match: IfMatch = None
    ) -> RulesOut:
        require_supervisor(caller)
        async with database.unit_of_work() as work:
            if not await project_known(work, project_id):
                raise not_found()
            new = await _put(work, project_id, body.model_dump(), if_match)
            await remind(work, "rule", [project_id], timedelta(0))
        return _answer(response, new, project_id)

    return routes


async def _put(work: UnitOfWork, project_id: str, values: dict[str, object], if_match: str | None) -> Rules:
    found = await store.find_rules(work, project_id)
    check_match(if_match, found.version if found else 0)
    new = await store.put_rules(work, store.rules_from(project_id, values))
    await notice(work)
    return new


def _answer(response: Response, rules: Rules, project_id: str) -> RulesOut:
    response.headers["ETag"] = etag(rules.version if rules.project_id == project_id else 0)
    target = rules.speed_target
    return RulesOut(
        project_id=project_id,
        own=rules.project_id == project_id,
        mode=rules.mode,
        claims_per_agent=rules.claims_per_agent,
        callback_public_after_minutes=_minutes(rules.callback_public_after),
        speed_target_minutes=None if target is None else _minutes(target),
        speed_warning_minutes=_minutes(rules.speed_warning),
        available_from=rules.available_from,
        available_until=rules.available_until,
        version=rules.version,
    )


def _minutes(time: timedelta) -> int:
    return int(time.total_seconds() // 60)
