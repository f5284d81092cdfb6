"""The gateway of embedded mode: the same table of paths and the same rules about identity as nginx's configuration."""

import json
import re
from collections.abc import Mapping
from typing import Any

from contracts.ids import new_uuid
from servicekit.identity import HEADER
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from leadwire.services import IDENTITY, SERVICES, service_of

_IDENTITY_HEADER = HEADER.encode()
_REQUEST_ID = b"x-request-id"
_OURS = {_IDENTITY_HEADER, _REQUEST_ID}
_SAFE_ID = re.compile(rb"[A-Za-z0-9_.-]{1,64}")
_PARTNER_KEY = ("bearer lw_live_", "bearer lw_test_")
_BROWSERS = (
    (b"content-security-policy", b"default-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
# And what is below. An old cookie must not be in the way; whoever has a link to statistics has no sign-in.
_WITHOUT_IDENTITY = ("/v1/sessions/", "/v1/shared-statistics/")


class InProcessGateway:
    """Routes `/v1/…` to the owning service's ASGI application and everything else to `pages`."""

    def __init__(self, services: Mapping[str, ASGIApp], pages: ASGIApp) -> None:
        self._services = services
        self._pages = pages
        if missing := {service.name for service in SERVICES} - set(services):
            raise ValueError(f"no application for {', '.join(sorted(missing))}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        request_id = _request_id(scope)
        send = _for_programs(send)
        # Like nginx: a name with an underscore might be read as ours by whoever stands behind.
        headers = [(name, value) for name, value in scope["headers"] if name not in _OURS and b"_" not in name]
        headers.append((_REQUEST_ID, request_id))
        scope = {**scope, "headers": headers, "state": {}}
        owner = service_of(scope["path"])
        if owner is None:
            await self._pages(scope, receive, send)
            return
        if not f"{scope['path']}/".startswith(_WITHOUT_IDENTITY):
            status, identity, refusal = await self._authenticate(scope)
            if status >= 400:
                await _answer(send, status, refusal, request_id)
                return
            if identity is not None:
                headers.append((_IDENTITY_HEADER, identity))
        await self._services[owner.name](scope, receive, send)

    async def _authenticate(self, scope: Scope) -> tuple[int, bytes | None, bytes]:
        """Status, signed identity, and the body of a refusal, from identity-svc."""
        given = Headers(raw=scope["headers"])
        authorization = given.get("authorization", "")
        if not authorization and "cookie" not in given:
            return 204, None, b""
        if authorization.lower().startswith(_PARTNER_KEY):
            return 204, None, b""
        kept = [(n, v) for n, v in scope["headers"] if n not in {b"content-length", b"content-type"}]
        request = {
            **scope,
            "method": "GET",
            "path": "/internal/authenticate",
            "raw_path": b"/internal/authenticate",
            "query_string": b"",
            "headers": [*kept, (b"x-original-method", scope["method"].encode())],
        }
        answer: dict[str, Any] = {"status": 500, "headers": [], "body": b""}

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer["status"], answer["headers"] = message["status"], message.get("headers", [])
            elif message["type"] == "http.response.body":
                answer["body"] += message.get("body", b"")

        await self._services[IDENTITY.name](request, receive, send)
        identity = next((value for name, value in answer["headers"] if name.lower() == _IDENTITY_HEADER), None)
        return answer["status"], identity, answer["body"]


def _request_id(scope: Scope) -> bytes:
    given = next((value for name, value in scope["headers"] if name == _REQUEST_ID), b"")
    return given if _SAFE_ID.fullmatch(given) else new_uuid().hex.encode()


def _for_programs(send: Send) -> Send:
    """Answers are for programs: a browser that opens one runs, shows in a frame and tells others nothing of it.

    What an answer says itself, as pages do, is left.
    """

    async def send_so(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", [])]
            said = {name.lower() for name, _ in headers}
            message = {**message, "headers": [*headers, *(pair for pair in _BROWSERS if pair[0] not in said)]}
        await send(message)

    return send_so


async def _answer(send: Send, status: int, body: bytes, request_id: bytes) -> None:
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (_REQUEST_ID, request_id),
    ]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return


def not_found_body(request_id: str) -> bytes:
    """The problem document for a path that nobody owns."""
    document = {
        "type": "https://leadwire.dev/problems/not-found",
        "title": "Not found",
        "status": 404,
        "code": "not-found",
        "detail": "There is nothing here that you may see.",
        "request_id": request_id,
        "errors": [],
    }
    return json.dumps(document).encode()
