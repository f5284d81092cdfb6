"""HTTP: who am I, my password, my sessions."""

from datetime import datetime
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel, Field
from servicekit.http import Db, Input, router
from servicekit.identity import Caller, unauthenticated
from servicekit.own_transactions import own_transactions
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import not_found

from identity_svc.me.change_password import ChangePassword, PasswordChange
from identity_svc.second_factor.inputs import OwnPassword
from identity_svc.sessions import store
from identity_svc.sessions.credentials import client_of, require_session
from identity_svc.sessions.guard import COUNTED
from identity_svc.sessions.routes import SessionOut, hand_out
from identity_svc.users import store as users
from identity_svc.users.inputs import Password, UserOut, shape

me = router(prefix="/v1/me", tags=["me"])


class NewPassword(Input):
    old_password: OwnPassword
    new_password: Password


class OwnSession(BaseModel):
    id: str
    created_at: datetime
    last_used_at: datetime = Field(description="To the minute")
    expires_at: datetime
    method: str
    user_agent: str
    current: bool


@me.get("")
async def get_me(caller: Caller, database: Db) -> UserOut:
    async with database.unit_of_work() as work:
        user = await users.find(work, caller.user_id)
    if user is None:
        raise unauthenticated()
    return shape(user)


@me.post("/password")
@own_transactions(COUNTED)
async def post_password(body: NewPassword, caller: Caller, request: Request, response: Response) -> SessionOut:
    """Ends every session of the user; the answer is a new one, in place of the one that asked."""
    current = require_session(request)
    old, new = body.old_password.get_secret_value(), body.new_password.get_secret_value()
    change_password: ChangePassword = request.app.state.change_password
    change = PasswordChange(caller.user_id, old, new, current, client_of(request))
    return hand_out(await change_password(change), request, response)


@me.get("/sessions")
async def get_sessions(
    caller: Caller, database: Db, request: Request, limit: Limit = 50, cursor: Cursor = None
) -> Page[OwnSession]:
    """The newest first."""
    current = require_session(request)
    after = decode_cursor(cursor, datetime, str)
    async with database.unit_of_work() as work:
        own = store.Own(caller.user_id, current, request.app.state.session_idle_timeout)
        rows = await store.list_after(work, own, after, limit + 1)
    return page_of(rows, limit, lambda row: OwnSession(**row), _place)


def _place(row: Any) -> tuple[datetime, str]:
    return row["created_at"], row["id"]


@me.delete("/sessions", status_code=204)
async def delete_other_sessions(caller: Caller, database: Db, request: Request) -> Response:
    """Signs out everywhere else."""
    current = require_session(request)
    async with database.unit_of_work() as work:
        await store.end_others(work, caller.user_id, current)
    return Response(status_code=204)


@me.delete("/sessions/{session_id}", status_code=204)
async def delete_session(session_id: str, caller: Caller, database: Db, request: Request) -> Response:
    require_session(request)
    async with database.unit_of_work() as work:
        if not await store.end(work, caller.user_id, session_id):
            raise not_found()
    return Response(status_code=204)
