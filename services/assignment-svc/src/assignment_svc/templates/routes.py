"""HTTP of templates in campaigns (A3.3)."""

from typing import Annotated

from fastapi import APIRouter
from messaging.database import Database
from pydantic import BaseModel, Field
from servicekit.http import Input, router
from servicekit.identity import Caller
from servicekit.problems import invalid

from assignment_svc.campaigns.access import require_campaign, require_writable
from assignment_svc.campaigns.store import next_version, read_templates
from assignment_svc.campaigns.tick_agents import tell_change
from assignment_svc.editing import claimed_for_writing
from assignment_svc.locks.routes import LockToken
from assignment_svc.surveys.store import find_unknown
from assignment_svc.templates import store
from assignment_svc.templates.send_message import send_message

Id = Annotated[str, Field(min_length=1, max_length=100)]
Ids = Annotated[list[Id], Field(max_length=200)]


class TemplatesIn(Input):
    """What is left out stays as it is."""

    email_template_ids: Ids | None = None
    survey_template_ids: Ids | None = None


class TemplatesOut(BaseModel):
    project_id: str
    email_template_ids: list[str]
    survey_template_ids: list[str]


class MessageIn(Input):
    template_id: Id


class MessageOut(BaseModel):
    id: str
    lead_id: str
    template_id: str


def template_routes(database: Database) -> APIRouter:
    routes = router(tags=["campaigns"])

    @routes.get("/v1/campaigns/{project_id}/templates", summary="Templates that agents may use")
    async def read(project_id: str, caller: Caller) -> TemplatesOut:
        async with database.unit_of_work() as work:
            await require_campaign(work, caller, project_id)
            return _out(project_id, await read_templates(work, project_id))

    @routes.put("/v1/campaigns/{project_id}/templates", summary="Replace the templates that agents may use")
    async def replace(project_id: str, body: TemplatesIn, caller: Caller) -> TemplatesOut:
        async with database.unit_of_work() as work:
            await require_writable(work, caller, project_id)
            version = await next_version(work, project_id)
            wanted = body.survey_template_ids or []
            unknown = await find_unknown(work, wanted)
            if unknown:
                pointer = f"/survey_template_ids/{wanted.index(unknown[0])}"
                raise invalid("survey-unknown", "There is no such survey template in use.", pointer)
            for kind, ids in (("email", body.email_template_ids), ("survey", body.survey_template_ids)):
                if ids is not None:
                    await store.replace_activated(work, project_id, kind, sorted(set(ids)))
            await tell_change(work, project_id, caller.user_id, version)
            return _out(project_id, await read_templates(work, project_id))

    @routes.post("/v1/work-items/{lead_id}/messages", status_code=201, summary="Send an activated e-mail template")
    async def send(lead_id: str, body: MessageIn, caller: Caller, lock_token: LockToken = None) -> MessageOut:
        async with database.unit_of_work() as work:
            item = await claimed_for_writing(work, caller, lead_id, lock_token)
            message_id = await send_message(work, item, caller.user_id, body.template_id, lock_token)
        return MessageOut(id=message_id, lead_id=lead_id, template_id=body.template_id)

    return routes


def _out(project_id: str, templates: dict[str, list[str]]) -> TemplatesOut:
    return TemplatesOut(
        project_id=project_id,
        email_template_ids=templates["email"],
        survey_template_ids=templates["survey"],
    )
