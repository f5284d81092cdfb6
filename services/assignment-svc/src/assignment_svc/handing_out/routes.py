"""HTTP of the rules of campaigns, and of the centre's defaults."""

from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Response
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from pydantic import BaseModel, Field, model_validator
from servicekit.etag import IfMatch, check_match, etag
from servicekit.http import Input, router
from servicekit.identity import Caller
from servicekit.problems import not_found

from assignment_svc.campaign_settings.store import own_lock_time
from assignment_svc.campaigns.store import project_known
from assignment_svc.handing_out import store
from assignment_svc.handing_out.store import DEFAULTS, Rules
from assignment_svc.queue_rules.rules import BUILT_IN, resolve
from assignment_svc.queue_rules.settle import settle_rules
from assignment_svc.scope import require_supervisor
from assignment_svc.timers.store import remind

ClockTime = Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
_NONE_IS_0: Final = frozenset({"speed_target_minutes", "max_age_hours"})


class Own(Input):
    """What is left out, or null, is as the level before says: the project, and before it the centre (A2.6).

    `speed_target_minutes` 0: no target, whatever others say; `available_from` 00:00 until 24:00: the whole day.
    """

    callback_public_after_minutes: int | None = Field(default=None, ge=0, le=10_080)
    speed_target_minutes: int | None = Field(default=None, ge=0, le=10_080)
    speed_warning_minutes: int | None = Field(default=None, ge=0, le=10_080)
    available_from: ClockTime | None = None
    available_until: ClockTime | None = None

    @model_validator(mode="after")
    def _warns_before(self) -> "Own":
        if self.speed_target_minutes and (self.speed_warning_minutes or 0) >= self.speed_target_minutes:
            raise ValueError("the alarm must come after the lead")
        return self

    def said(self) -> dict[str, Any]:
        """In words of the rules: none at all is None there, and what is left out is not there."""
        own = {name: value for name, value in self.model_dump(include=set(BUILT_IN)).items() if value is not None}
        return {name: value or None if name in _NONE_IS_0 else value for name, value in own.items()}


class Defaults(Own):
    """The centre's word on every queue rule: it holds where project and campaign say nothing.

    `max_age_hours` 0: leads do not grow too old.
    """

    cool_down_minutes: int | None = Field(default=None, ge=0, le=60 * 24 * 366)
    max_attempts: int | None = Field(default=None, ge=1, le=100)
    max_age_hours: int | None = Field(default=None, ge=0, le=24 * 366)
    order: Literal["newest", "oldest"] | None = None
    use_partner_priority: bool | None = None
    status_after_request: Literal["leave_assigned", "queue", "pending"] | None = None
    lock_minutes: int | None = Field(default=None, ge=1, le=120)


class RulesIn(Own):
    """`pull`: agents request leads. Otherwise they are given, to those who are online and below their cap."""

    mode: Literal["pull", "round_robin", "least_loaded"] = "pull"
    claims_per_agent: int | None = Field(default=None, ge=1, le=10_000)


class RulesOut(BaseModel):
    """What holds. `own_rules`: what is said here; the rest is as the levels before say. `own`: rules were put."""

    project_id: str
    own: bool
    own_rules: list[str]
    mode: str
    claims_per_agent: int | None
    cool_down_minutes: int
    max_attempts: int
    max_age_hours: int | None
    order: str
    use_partner_priority: bool
    status_after_request: str
    lock_minutes: int
    callback_public_after_minutes: int
    speed_target_minutes: int | None
    speed_warning_minutes: int
    available_from: str | None
    available_until: str | None
    version: int


def rules_routes(database: Database) -> APIRouter:
    routes = router(tags=["campaigns"])

    @routes.get("/v1/queue/defaults", summary="The centre's word on every queue rule")
    async def read_defaults(caller: Caller, response: Response) -> RulesOut:
        require_supervisor(caller)
        async with database.unit_of_work() as work:
            return await _answer(work, response, DEFAULTS)

    @routes.put("/v1/queue/defaults", summary="Replace the centre's word on queue rules")
    async def put_defaults(body: Defaults, caller: Caller, response: Response, if_match: IfMatch = None) -> RulesOut:
        require_supervisor(caller)
        async with database.unit_of_work() as work:
            await _put(work, Rules(DEFAULTS, said=body.said()), if_match)
            await settle_rules(work, None)
            return await _answer(work, response, DEFAULTS)

    @routes.get("/v1/campaigns/{project_id}/rules", summary="How a campaign's leads are given out")
    async def read(project_id: str, caller: Caller, response: Response) -> RulesOut:
        require_supervisor(caller)
        async with database.unit_of_work() as work:
            return await _answer(work, response, project_id)

    @routes.put("/v1/campaigns/{project_id}/rules", summary="Replace a campaign's rules")
    async def replace(
        project_id: str, body: RulesIn, caller: Caller, response: Response, if_match: IfMatch = None
    ) -> RulesOut:
        require_supervisor(caller)
        async with database.unit_of_work() as work:
            if not await project_known(work, project_id):
                raise not_found()
            new = Rules(project_id, mode=body.mode, claims_per_agent=body.claims_per_agent, said=body.said())
            await _put(work, new, if_match)
            await settle_rules(work, project_id)
            await remind(work, "rule", [project_id], timedelta(0))
            return await _answer(work, response, project_id)

    return routes


async def _put(work: UnitOfWork, new: Rules, if_match: str | None) -> None:
    found = await store.find_rules(work, new.project_id)
    check_match(if_match, found.version if found else 0)
    await store.put_rules(work, new)


async def _answer(work: UnitOfWork, response: Response, project_id: str) -> RulesOut:
    """Raises 404."""
    centre = (await store.find_rules(work, DEFAULTS)) or Rules(DEFAULTS)
    rules, levels = centre, [centre.said]
    if project_id != DEFAULTS:
        project = await store.read_project_said(work, project_id)
        if project is None:
            raise not_found()
        rules = await store.find_rules(work, project_id) or Rules(project_id)
        levels += [project, rules.said, await own_lock_time(work, project_id)]
    response.headers["ETag"] = etag(rules.version)
    return RulesOut(
        project_id=project_id,
        own=rules.version > 0,
        own_rules=sorted(rules.said),
        mode=rules.mode,
        claims_per_agent=rules.claims_per_agent,
        version=rules.version,
        **resolve(*levels),
    )
