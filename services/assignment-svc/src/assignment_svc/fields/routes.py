"""HTTP of campaigns' fields, and of correcting a lead (A3.5)."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from messaging.database import Database
from pydantic import BaseModel, Field, StrictBool, StrictFloat, StrictInt, StrictStr, field_validator
from servicekit.etag import IfMatch, check_match, etag
from servicekit.http import Input, router
from servicekit.identity import Caller
from servicekit.problems import conflict

from assignment_svc.campaigns.access import require_campaign, require_writable
from assignment_svc.editing import open_for_writing
from assignment_svc.fields import store
from assignment_svc.fields.edit_lead import edit_lead
from assignment_svc.fields.rules import ACCOUNT, LEAD, NAME, is_field
from assignment_svc.fields.store import CampaignFields
from assignment_svc.locks.routes import LockToken
from assignment_svc.reading.shapes import WorkItemOut
from assignment_svc.steps.agent_routes import shown

Name = Annotated[str, Field(pattern=NAME, max_length=100)]
Whole = Annotated[StrictInt, Field(ge=-(10**15), le=10**15)]
Text = Annotated[StrictStr, Field(max_length=4000)]
Value = Text | StrictBool | Whole | StrictFloat | Annotated[dict[Name, Text], Field(max_length=20)] | None


class FieldSetting(Input):
    """`in_view`: in the campaign's list, `on_page`: on the lead's page. Fields show in the order given."""

    name: Name
    in_view: bool = True
    on_page: bool = True
    editable: bool = False

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if not is_field(name):
            raise ValueError("A field of the lead, custom.… or account.…")
        return name


class FieldsIn(Input):
    fields: list[FieldSetting] = Field(max_length=200)

    @field_validator("fields")
    @classmethod
    def _distinct(cls, fields: list[FieldSetting]) -> list[FieldSetting]:
        if len({field.name for field in fields}) < len(fields):
            raise ValueError("A field stands here twice.")
        return fields


class FieldsOut(BaseModel):
    project_id: str
    fields: list[dict[str, Any]]
    version: int


class EditIn(Input):
    fields: dict[Name, Value] = Field(min_length=1, max_length=100)


def field_routes(database: Database) -> APIRouter:
    routes = router(tags=["campaigns"])

    @routes.get("/v1/campaigns/{project_id}/fields", summary="Which fields show, in which order, which are editable")
    async def read(project_id: str, caller: Caller, response: Response) -> FieldsOut:
        """Until somebody says otherwise all show and none is editable."""
        async with database.unit_of_work() as work:
            await require_campaign(work, caller, project_id)
            found = await store.read_fields(work, project_id)
        return _answer(response, project_id, found or CampaignFields(0, _defaults()))

    @routes.put("/v1/campaigns/{project_id}/fields", summary="Say which fields show, in which order, and are editable")
    async def replace(
        project_id: str, body: FieldsIn, caller: Caller, response: Response, if_match: IfMatch = None
    ) -> FieldsOut:
        fields = body.model_dump()["fields"]
        async with database.unit_of_work() as work:
            await require_writable(work, caller, project_id)
            found = await store.read_fields(work, project_id)
            version = 0 if found is None else found.version
            check_match(if_match, version)
            if not await store.write_fields(work, project_id, version, fields):
                raise conflict("changed-meanwhile", "Somebody changed these fields at the same moment.")
        return _answer(response, project_id, CampaignFields(version + 1, fields))

    @routes.patch("/v1/work-items/{lead_id}", summary="Correct editable fields of a lead", response_model=WorkItemOut)
    async def edit(
        lead_id: str, body: EditIn, caller: Caller, lock_token: LockToken = None, if_match: IfMatch = None
    ) -> dict[str, Any]:
        async with database.unit_of_work() as work:
            item = await open_for_writing(work, caller, lead_id, lock_token)
            check_match(if_match, item.version)
            await edit_lead(work, item, caller.user_id, body.fields, lock_token)
            return await shown(work, lead_id)

    return routes


def _defaults() -> list[dict[str, Any]]:
    return [FieldSetting(name=name).model_dump() for name in (*LEAD, *ACCOUNT)]


def _answer(response: Response, project_id: str, found: CampaignFields) -> FieldsOut:
    response.headers["ETag"] = etag(found.version)
    return FieldsOut(project_id=project_id, fields=found.fields, version=found.version)
