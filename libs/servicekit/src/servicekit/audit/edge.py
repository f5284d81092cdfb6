"""The one hook: every write operation of every service leaves an entry in its own transaction."""

import json
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from fastapi import Request, Response
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork

from servicekit.audit.doer import Act, Doer
from servicekit.audit.rules import WRITES, Rules, fields_of, ids_in, name_of, told_filter
from servicekit.audit.store import act_as, record, record_unless_told
from servicekit.identity import HEADER, current_identity
from servicekit.own_transactions import why_own

Handle = Callable[[Request], Awaitable[Response]]
_NO_RULES = Rules()
_KEY_STARTS = ("bearer lw_live_", "bearer lw_test_")
JSON_TYPE = "application/json"
_apart_for: ContextVar[Doer | None] = ContextVar("audit_apart_for", default=None)


def audited(handle: Handle) -> Handle:
    async def handle_audited(request: Request) -> Response:
        rules: Rules = getattr(request.app.state, "audit", _NO_RULES)
        operation = f"{request.method} {_template(request)}"
        if request.method in WRITES:
            if not rules.keeps_write(operation):
                return await _plainly(handle, request, operation)
            apart = why_own(getattr(request.scope.get("route"), "endpoint", None)) is not None
            return await (_apart if apart else _write)(handle, request, operation)
        return await (_read if rules.keeps_read(operation) else _plainly)(handle, request, operation)

    return handle_audited


async def _plainly(handle: Handle, request: Request, _operation: str) -> Response:
    return await handle(request)


async def _apart(handle: Handle, request: Request, operation: str) -> Response:
    token = _apart_for.set(doer_of(request, operation))
    try:
        return await handle(request)
    finally:
        _apart_for.reset(token)


async def _write(handle: Handle, request: Request, operation: str) -> Response:
    """The whole request is one transaction: an entry without its change, or the reverse, cannot be."""
    doer = doer_of(request, operation)
    await request.body()  # before the transaction: nobody keeps one open by sending slowly
    database: Database = request.app.state.database
    async with database.shared_unit_of_work() as work:
        await act_as(work, doer)
        response = await handle(request)
        if response.status_code < 400:
            await record_unless_told(work, await _act_of(request, response))
    return response


async def _read(handle: Handle, request: Request, operation: str) -> Response:
    """Who took what out. The entry is committed before the first byte leaves."""
    response = await handle(request)
    if response.status_code < 400:
        path = _template(request)
        named = name_of(request.method, path, request.path_params, response.status_code)
        details = {"filter": told_filter(request.query_params.multi_items())}
        database: Database = request.app.state.database
        async with database.unit_of_work() as work:
            await act_as(work, doer_of(request, operation))
            await record(
                work,
                Act(
                    action=named.action,
                    object_kind=named.object_kind,
                    object_id=named.object_id,
                    details=details,
                ),
            )
    return response


async def name_doer(work: UnitOfWork) -> None:
    """Said to every transaction of an operation that opens its own."""
    doer = _apart_for.get()
    if doer is not None:
        await act_as(work, doer)


def doer_of(request: Request, operation: str) -> Doer:
    """Raises 401 for an identity that is not to be believed; a partner key is believed by the operation itself."""
    request_id: str = request.scope.get("request_id", "")
    if request.headers.get(HEADER):
        identity = current_identity(request)
        return Doer(identity.user_id, identity.access_level, request_id, operation)
    authorization = request.headers.get("authorization", "")
    if authorization.lower().startswith(_KEY_STARTS):
        return Doer(f"key:{authorization.split('_')[2][:32]}", "partner_key", request_id, operation)
    return Doer("anonymous", "", request_id, operation)


async def _act_of(request: Request, response: Response) -> Act:
    """Ids and names of fields: whether a value may be told is known for watched tables only."""
    named = name_of(request.method, _template(request), request.path_params, response.status_code)
    sent = await _json_of(request)
    object_id = named.object_id or (_id_in(response) if named.created else "")
    subjects = dict.fromkeys([*(str(value) for value in request.path_params.values()), *ids_in(sent)])
    subjects.pop(object_id, None)
    fields = fields_of(sent)
    return Act(
        action=named.action,
        object_kind=named.object_kind,
        object_id=object_id,
        subjects=list(subjects),
        details={"fields": fields} if fields else {},
    )


async def _json_of(request: Request) -> Any:
    if JSON_TYPE not in request.headers.get("content-type", "") or not await request.body():
        return None
    return await request.json()


def _id_in(response: Response) -> str:
    """Of what was made: `id`, or the one field that is an id, or the end of `Location`."""
    location = response.headers.get("location", "")
    if location:
        return location.rpartition("/")[2]
    try:
        answer = json.loads(bytes(response.body))
    except ValueError:
        return ""
    if not isinstance(answer, dict):
        return ""
    return str(answer.get("id") or next((v for n, v in answer.items() if n.endswith("_id")), "") or "")


def _template(request: Request) -> str:
    return getattr(request.scope.get("route"), "path", "")
