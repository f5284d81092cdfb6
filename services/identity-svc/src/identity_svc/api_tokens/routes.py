"""HTTP: tokens with which programs call the API, of an integration itself and, for admins, of any."""

import json
from datetime import datetime

from fastapi import Request, Response
from messaging.database import Database
from pydantic import AwareDatetime, BaseModel
from servicekit.http import Db, Input, router
from servicekit.identity import Caller, allow
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import not_found

from identity_svc.api_tokens import store
from identity_svc.api_tokens.issue_token import Wanted, issue_token
from identity_svc.sessions.credentials import require_session
from identity_svc.users import store as users
from identity_svc.users.inputs import Name

api_tokens = router(tags=["tokens"])


class NewToken(Input):
    name: Name
    expires_at: AwareDatetime


class Token(BaseModel):
    id: str
    user_id: str
    name: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class IssuedToken(Token):
    token: str | None


def _without_secret(answer: bytes) -> bytes:
    """What is kept for a repeat with the same idempotency key."""
    document = json.loads(answer)
    return json.dumps(document | {"token": None}).encode() if "token" in document else answer


@api_tokens.post("/v1/me/tokens", status_code=201)
async def post_own_token(body: NewToken, caller: Caller, database: Db, request: Request) -> IssuedToken:
    """The token is shown here, once. A program cannot prolong its own access: this needs a session."""
    allow(caller, ("integration",))
    require_session(request)
    return await _issue(database, Wanted(caller.user_id, body.name, body.expires_at, caller.user_id))


@api_tokens.post("/v1/users/{user_id}/tokens", status_code=201)
async def post_token(user_id: str, body: NewToken, caller: Caller, database: Db) -> IssuedToken:
    """The token is shown here, once."""
    allow(caller, ("admin",))
    await _require_user(database, user_id)
    return await _issue(database, Wanted(user_id, body.name, body.expires_at, caller.user_id))


for endpoint in (post_own_token, post_token):
    endpoint.answer_to_keep = _without_secret  # pyright: ignore[reportFunctionMemberAccess] -- read by servicekit's route


@api_tokens.get("/v1/me/tokens")
async def get_own_tokens(caller: Caller, database: Db, limit: Limit = 50, cursor: Cursor = None) -> Page[Token]:
    """The newest first, those that have ended too."""
    allow(caller, ("integration",))
    return await _page(database, caller.user_id, limit, cursor)


@api_tokens.get("/v1/users/{user_id}/tokens")
async def get_tokens(
    user_id: str, caller: Caller, database: Db, limit: Limit = 50, cursor: Cursor = None
) -> Page[Token]:
    allow(caller, ("admin",))
    await _require_user(database, user_id)
    return await _page(database, user_id, limit, cursor)


@api_tokens.delete("/v1/me/tokens/{token_id}", status_code=204)
async def delete_own_token(token_id: str, caller: Caller, database: Db) -> Response:
    """A program may end its own access, and with it what a thief of the token has."""
    allow(caller, ("integration",))
    return await _revoke(database, caller.user_id, token_id)


@api_tokens.delete("/v1/users/{user_id}/tokens/{token_id}", status_code=204)
async def delete_token(user_id: str, token_id: str, caller: Caller, database: Db) -> Response:
    allow(caller, ("admin",))
    return await _revoke(database, user_id, token_id)


async def _issue(database: Database, wanted: Wanted) -> IssuedToken:
    async with database.unit_of_work() as work:
        issued = await issue_token(work, wanted)
    return IssuedToken(**issued.row, token=issued.token)


async def _page(database: Database, user_id: str, limit: int, cursor: str | None) -> Page[Token]:
    after = decode_cursor(cursor, str)
    async with database.unit_of_work() as work:
        rows = await store.list_after(work, user_id, after[0] if after else None, limit + 1)
    return page_of(rows, limit, lambda row: Token(**row), lambda row: (row["id"],))


async def _revoke(database: Database, user_id: str, token_id: str) -> Response:
    async with database.unit_of_work() as work:
        if not await store.revoke(work, user_id, token_id):
            raise not_found()
    return Response(status_code=204)


async def _require_user(database: Database, user_id: str) -> None:
    async with database.unit_of_work() as work:
        if await users.find(work, user_id) is None:
            raise not_found()
