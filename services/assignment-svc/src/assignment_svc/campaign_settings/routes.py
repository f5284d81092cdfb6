"""HTTP of campaign settings and call outcomes (A3.7)."""

from dataclasses import replace
from typing import Annotated, Any, Literal

from contracts.ids import new_id
from fastapi import APIRouter, Response
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from pydantic import BaseModel, Field
from servicekit.etag import IfMatch, check_match, etag
from servicekit.http import Input, router
from servicekit.identity import Caller
from servicekit.problems import conflict, invalid, not_found

from assignment_svc.campaign_settings import store
from assignment_svc.campaign_settings.rules import why_refused
from assignment_svc.campaign_settings.store import CampaignSettings, Outcome
from assignment_svc.campaigns.access import require_campaign, require_writable
from assignment_svc.queue_rules.settle import settle_rules

NEVER_NULL = ("call_channel", "claims_on_untick")


class SettingsPatch(Input):
    """`lock_minutes` null: as the project says. `call_centre`: its dispositions resolve the leads; null: any do."""

    lock_minutes: Annotated[int, Field(ge=1, le=120)] | None = None
    call_channel: Literal["tel_link", "sip", "external"] | None = None
    url_pattern: Annotated[str, Field(min_length=1, max_length=400)] | None = None
    claims_on_untick: Literal["finish", "release"] | None = None
    call_centre: Annotated[str, Field(min_length=1, max_length=100)] | None = None


class SettingsOut(BaseModel):
    """`effective_lock_minutes` is what holds, `lock_minutes` what the campaign says instead of its project."""

    project_id: str
    lock_minutes: int | None
    effective_lock_minutes: int
    call_channel: str
    url_pattern: str | None
    claims_on_untick: str
    call_centre: str | None
    version: int


class OutcomeIn(Input):
    name: str = Field(min_length=1, max_length=100)
    contacted: bool = True


class OutcomeOut(BaseModel):
    id: str
    name: str
    contacted: bool
    active: bool


class OutcomesOut(BaseModel):
    data: list[OutcomeOut]


def campaign_setting_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/campaigns/{project_id}", tags=["campaigns"])

    @routes.get("/settings", summary="How the campaign is called")
    async def read(project_id: str, caller: Caller, response: Response) -> SettingsOut:
        async with database.unit_of_work() as work:
            await require_campaign(work, caller, project_id)
            return await _answer(work, response, project_id, await store.read_settings(work, project_id))

    @routes.patch("/settings", summary="Change how the campaign is called; holds for the next lock")
    async def change(
        project_id: str, body: SettingsPatch, caller: Caller, response: Response, if_match: IfMatch = None
    ) -> SettingsOut:
        async with database.unit_of_work() as work:
            await require_writable(work, caller, project_id)
            found = await store.read_settings(work, project_id)
            check_match(if_match, found.version)
            changed = await store.write_settings(work, project_id, _merged(found, body))
            if changed is None:
                raise conflict("changed-meanwhile", "Somebody changed these settings at the same moment.")
            if changed.lock_minutes != found.lock_minutes:
                await settle_rules(work, project_id)
            return await _answer(work, response, project_id, changed)

    @routes.get("/outcomes", summary="How calls may end")
    async def list_outcomes(project_id: str, caller: Caller, active: bool = False) -> OutcomesOut:
        """`active`: only those in use. A campaign without any takes every outcome."""
        async with database.unit_of_work() as work:
            await require_campaign(work, caller, project_id)
            rows = await store.list_outcomes(work, project_id, active_only=active)
        return OutcomesOut(data=[_outcome(row) for row in rows])

    @routes.post("/outcomes", status_code=201, summary="Add an outcome")
    async def add(project_id: str, body: OutcomeIn, caller: Caller) -> OutcomeOut:
        new = Outcome(new_id("out"), body.name, body.contacted, active=True)
        async with database.unit_of_work() as work:
            await require_writable(work, caller, project_id)
            if len(await store.list_outcomes(work, project_id, active_only=False)) >= store.MOST_OUTCOMES:
                raise conflict("too-many-outcomes", f"A campaign has {store.MOST_OUTCOMES} outcomes at most.")
            return _outcome(await store.add_outcome(work, project_id, new))

    @routes.delete(
        "/outcomes/{outcome_id}",
        summary="Remove an outcome; a used one is taken out of use",
        response_model=None,
        responses={200: {"model": OutcomeOut, "description": "It was used, and is out of use now."}, 204: {}},
    )
    async def remove(project_id: str, outcome_id: str, caller: Caller) -> OutcomeOut | Response:
        async with database.unit_of_work() as work:
            await require_writable(work, caller, project_id)
            found, kept = await store.remove_outcome(work, project_id, outcome_id)
        if not found:
            raise not_found()
        return Response(status_code=204) if kept is None else _outcome(kept)

    return routes


def _merged(found: CampaignSettings, body: SettingsPatch) -> CampaignSettings:
    sent: dict[str, Any] = body.model_dump(exclude_unset=True)
    sent = {name: value for name, value in sent.items() if value is not None or name not in NEVER_NULL}
    if sent.get("call_channel", found.call_channel) == "tel_link":
        sent.setdefault("url_pattern", None)
    new = replace(found, **sent)
    refusal = why_refused(new.call_channel, new.url_pattern)
    if refusal is not None:
        raise invalid("url-pattern-refused", refusal, "/url_pattern")
    return new


async def _answer(work: UnitOfWork, response: Response, project_id: str, settings: CampaignSettings) -> SettingsOut:
    response.headers["ETag"] = etag(settings.version)
    return SettingsOut(
        project_id=project_id,
        lock_minutes=settings.lock_minutes,
        effective_lock_minutes=await store.read_lock_minutes(work, project_id),
        call_channel=settings.call_channel,
        url_pattern=settings.url_pattern,
        claims_on_untick=settings.claims_on_untick,
        call_centre=settings.call_centre,
        version=settings.version,
    )


def _outcome(row: Outcome) -> OutcomeOut:
    return OutcomeOut(id=row.outcome_id, name=row.name, contacted=row.contacted, active=row.active)
