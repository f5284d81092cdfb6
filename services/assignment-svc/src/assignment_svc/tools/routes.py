"""HTTP of opportunity tools and opportunities (A3.8)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from asyncpg import Record
from contracts.ids import new_id
from fastapi import APIRouter, Depends, Query, Response
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from pydantic import BaseModel, Field, StrictBool, StrictFloat, StrictInt, StrictStr, field_validator
from servicekit.etag import IfMatch, check_match, etag
from servicekit.http import Input, router
from servicekit.identity import Caller
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import conflict, not_found

from assignment_svc.campaigns.access import require_campaign, require_writable
from assignment_svc.conditions import Conditions
from assignment_svc.editing import claimed_for_writing
from assignment_svc.locks.routes import LockToken
from assignment_svc.patches import sent
from assignment_svc.scope import sight_of
from assignment_svc.tools import store
from assignment_svc.tools.rules import LINKED
from assignment_svc.tools.use_tool import use_tool

Id = Annotated[str, Field(min_length=1, max_length=100)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
FieldName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,39}$")]
Whole = Annotated[StrictInt, Field(ge=-(10**15), le=10**15)]
Plain = Annotated[StrictStr, Field(max_length=4000)] | StrictBool | Whole | StrictFloat


class ToolField(Input):
    """`default` applies to every contact; an edit comes before it, what is known of the contact after it."""

    name: FieldName
    active: bool = True
    editable: bool = True
    default: Plain | None = None

    @field_validator("name")
    @classmethod
    def _not_linked(cls, name: str) -> str:
        if name in LINKED:
            raise ValueError("Account and contact are always linked by the server and cannot be configured.")
        return name


def _distinct(fields: list[ToolField] | None) -> list[ToolField] | None:
    if fields is not None and len({field.name for field in fields}) < len(fields):
        raise ValueError("Two fields have the same name.")
    return fields


class ToolIn(Input):
    name: Name
    description: str = Field(default="", max_length=4000)
    module: Name
    fields: list[ToolField] = Field(default=[], max_length=100)

    _fields_differ = field_validator("fields")(_distinct)


class ToolPatch(Input):
    name: Name | None = None
    description: Annotated[str, Field(max_length=4000)] | None = None
    module: Name | None = None
    fields: Annotated[list[ToolField], Field(max_length=100)] | None = None
    active: bool | None = None

    _fields_differ = field_validator("fields")(_distinct)


@dataclass(frozen=True, slots=True)
class ToolPath:
    project_id: str
    tool_id: str


class ToolOut(BaseModel):
    id: str
    project_id: str
    name: str
    description: str
    module: str
    fields: list[dict[str, Any]]
    active: bool
    version: int


class ToolsOut(BaseModel):
    data: list[ToolOut]


class OpportunityIn(Input):
    tool_id: Id
    fields: dict[FieldName, Plain] = Field(default={}, max_length=100)


class OpportunityOut(BaseModel):
    id: str
    lead_id: str
    project_id: str
    tool_id: str
    tool: str
    module: str
    agent_id: str
    at: datetime
    contact: dict[str, Any]
    account: dict[str, Any] | None
    fields: dict[str, Any]


def tool_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/campaigns/{project_id}/tools", tags=["campaigns"])

    @routes.get("", summary="Opportunity tools")
    async def list_tools(project_id: str, caller: Caller, active: bool = False) -> ToolsOut:
        async with database.unit_of_work() as work:
            await require_campaign(work, caller, project_id)
            rows = await store.list_tools(work, project_id, active_only=active)
        return ToolsOut(data=[_tool(row) for row in rows])

    @routes.post("", status_code=201, summary="Add an opportunity tool, usable at once")
    async def add(project_id: str, body: ToolIn, caller: Caller, response: Response) -> ToolOut:
        async with database.unit_of_work() as work:
            await require_writable(work, caller, project_id)
            return _answer(response, await store.insert_tool(work, (new_id("tol"), project_id), body.model_dump()))

    @routes.get("/{tool_id}", summary="An opportunity tool")
    async def read(project_id: str, tool_id: str, caller: Caller, response: Response) -> ToolOut:
        async with database.unit_of_work() as work:
            await require_campaign(work, caller, project_id)
            return _answer(response, await _find(work, project_id, tool_id))

    @routes.patch("/{tool_id}", summary="Change an opportunity tool")
    async def change(
        path: Annotated[ToolPath, Depends()],
        body: ToolPatch,
        caller: Caller,
        response: Response,
        if_match: IfMatch = None,
    ) -> ToolOut:
        project_id, tool_id = path.project_id, path.tool_id
        async with database.unit_of_work() as work:
            await require_writable(work, caller, project_id)
            found = await _find(work, project_id, tool_id)
            check_match(if_match, found["version"])
            row = await store.change_tool(work, found, {**dict(found), **sent(body)})
        if row is None:
            raise conflict("changed-meanwhile", "Somebody changed this tool at the same moment.")
        return _answer(response, row)

    @routes.delete(
        "/{tool_id}",
        summary="Remove an opportunity tool; a used one is taken out of use",
        response_model=None,
        responses={200: {"model": ToolOut, "description": "It was used, and is out of use now."}, 204: {}},
    )
    async def remove(project_id: str, tool_id: str, caller: Caller) -> ToolOut | Response:
        async with database.unit_of_work() as work:
            await require_writable(work, caller, project_id)
            await _find(work, project_id, tool_id)
            kept = await store.remove_tool(work, tool_id)
        return Response(status_code=204) if kept is None else _tool(kept)

    return routes


def opportunity_routes(database: Database) -> APIRouter:
    routes = router(tags=["opportunities"])

    @routes.post("/v1/work-items/{lead_id}/opportunities", status_code=201, summary="Use an opportunity tool")
    async def make(lead_id: str, body: OpportunityIn, caller: Caller, lock_token: LockToken = None) -> OpportunityOut:
        async with database.unit_of_work() as work:
            item = await claimed_for_writing(work, caller, lead_id, lock_token)
            opportunity_id = await use_tool(work, item, caller.user_id, body.tool_id, (body.fields, lock_token))
            where = Conditions()
            where.add("o.opportunity_id = ?", opportunity_id)
            (row,) = await store.list_opportunities(work, where, 1)
        return _opportunity(row)

    @routes.get("/v1/opportunities", summary="Opportunities, newest first")
    async def list_opportunities(
        caller: Caller,
        lead_id: Annotated[str | None, Query(max_length=100)] = None,
        project_id: Annotated[str | None, Query(max_length=100)] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[OpportunityOut]:
        past = decode_cursor(cursor, str)
        where = Conditions()
        where.add_given("o.lead_id = ?", lead_id)
        where.add_given("l.project_id = ?", project_id)
        where.add_given("o.opportunity_id < ?", past[0] if past else None)
        async with database.unit_of_work() as work:
            (await sight_of(work, caller)).narrow(where)
            rows = await store.list_opportunities(work, where, limit + 1)
        return page_of(rows, limit, _opportunity, lambda row: (row["opportunity_id"],))

    return routes


async def _find(work: UnitOfWork, project_id: str, tool_id: str) -> Record:
    found = await store.find_tool(work, project_id, tool_id)
    if found is None:
        raise not_found()
    return found


def _tool(row: Record) -> ToolOut:
    names = ("project_id", "name", "description", "module", "fields", "active", "version")
    return ToolOut(id=row["tool_id"], **{name: row[name] for name in names})


def _answer(response: Response, row: Record) -> ToolOut:
    response.headers["ETag"] = etag(row["version"])
    return _tool(row)


def _opportunity(row: Record) -> OpportunityOut:
    names = [name for name in OpportunityOut.model_fields if name != "id"]
    return OpportunityOut(id=row["opportunity_id"], **{name: row[name] for name in names})
