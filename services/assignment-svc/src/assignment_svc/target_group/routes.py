"""HTTP of target groups (A3.6)."""

from datetime import datetime
from typing import Annotated

from asyncpg import Record
from fastapi import APIRouter, Query
from messaging.database import Database
from messaging.sight import EVERYTHING, seeing
from pydantic import BaseModel, Field
from servicekit.http import Input, router
from servicekit.identity import Caller
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import invalid

from assignment_svc.campaigns.access import require_campaign, require_writable
from assignment_svc.scope import sight_of
from assignment_svc.steps.by_supervisors import require_agent
from assignment_svc.target_group import store

Id = Annotated[str, Field(min_length=1, max_length=100)]
Responsible = Annotated[str | None, Query(max_length=100)]


class Agent(BaseModel):
    id: str
    name: str | None


class AccountOut(BaseModel):
    """`contacts`: leads of the account in this campaign."""

    account_id: str
    name: str | None
    contacts: int
    responsible: Agent | None
    since: datetime | None


class PutUnder(Input):
    """Each contact stands for its account."""

    agent_id: Id
    contact_ids: list[Id] = Field(min_length=1, max_length=500)


class Result(BaseModel):
    index: int
    status: str
    code: str | None = None
    id: str | None = None


class PutOut(BaseModel):
    """`accounts`: how many changed hands; a result per contact, whose `id` is the account."""

    accounts: int
    results: list[Result]


class Reassign(Input):
    from_agent_id: Id
    to_agent_id: Id


class Unassign(Input):
    """Left out: those of all agents."""

    agent_id: Id | None = None


class Counted(BaseModel):
    accounts: int


def target_group_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/campaigns/{project_id}/target-group", tags=["campaigns"])

    @routes.get("", summary="Accounts, and who is responsible for them")
    async def list_accounts(
        project_id: str, caller: Caller, responsible: Responsible = None, limit: Limit = 50, cursor: Cursor = None
    ) -> Page[AccountOut]:
        """`responsible`: an agent's id, or `none`. Agents who see assigned customers only see their own accounts."""
        past = decode_cursor(cursor, str)
        async with database.unit_of_work() as work:
            await require_campaign(work, caller, project_id)
            sight = await sight_of(work, caller)
            nobodys = responsible == "none"
            agent_id = None if nobodys else responsible
            if sight.agent_id is not None and sight.options.restrict_to_assigned:
                nobodys, agent_id = False, sight.agent_id
        wanted = store.Wanted(agent_id, nobodys, past[0] if past else None, limit + 1)
        # An account under somebody's responsibility has contacts that are nobody's, or others', by now.
        with seeing(EVERYTHING):
            async with database.unit_of_work() as work:
                rows = await store.list_accounts(work, project_id, wanted)
        return page_of(rows, limit, _account, lambda row: (row["account_id"],))

    @routes.post("", summary="Put accounts under an agent's responsibility, by their contacts")
    async def put_under(project_id: str, body: PutUnder, caller: Caller) -> PutOut:
        async with database.unit_of_work() as work:
            await require_writable(work, caller, project_id)
            await require_agent(work, body.agent_id)
            accounts = await store.find_accounts(work, project_id, body.contact_ids)
            results = [_result(index, lead_id, accounts) for index, lead_id in enumerate(body.contact_ids)]
            account_ids = [result.id for result in results if result.id is not None]
            changed = await store.put_under(work, project_id, account_ids, body.agent_id, caller.user_id)
        return PutOut(accounts=changed, results=results)

    @routes.post("/reassign", summary="Reassign all accounts of one agent to another")
    async def reassign(project_id: str, body: Reassign, caller: Caller) -> Counted:
        async with database.unit_of_work() as work:
            await require_writable(work, caller, project_id)
            if body.from_agent_id == body.to_agent_id:
                raise invalid("same-agent", "They are with this agent already.", "/to_agent_id")
            await require_agent(work, body.to_agent_id, "/to_agent_id")
            agents = (body.from_agent_id, body.to_agent_id)
            return Counted(accounts=await store.reassign(work, project_id, agents, caller.user_id))

    @routes.post("/unassign", summary="Unassign all accounts, or all of an agent")
    async def unassign(project_id: str, caller: Caller, body: Unassign | None = None) -> Counted:
        async with database.unit_of_work() as work:
            await require_writable(work, caller, project_id)
            return Counted(accounts=await store.unassign(work, project_id, None if body is None else body.agent_id))

    return routes


def _result(index: int, lead_id: str, accounts: dict[str, str | None]) -> Result:
    if lead_id not in accounts:
        return Result(index=index, status="failed", code="not-found")
    account_id = accounts[lead_id]
    if account_id is None:
        return Result(index=index, status="skipped", code="no-account")
    return Result(index=index, status="ok", id=account_id)


def _account(row: Record) -> AccountOut:
    responsible = None if row["agent_id"] is None else Agent(id=row["agent_id"], name=row["agent_name"])
    names = ("account_id", "name", "contacts", "since")
    return AccountOut(responsible=responsible, **{name: row[name] for name in names})
