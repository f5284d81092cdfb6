"""The edge of every service: request id, trace, body limit. Plain ASGI: BaseHTTPMiddleware costs 100 µs a request."""

import json
import re
from collections.abc import Mapping

from contracts.envelope import Trace
from contracts.ids import new_uuid
from messaging.trace import current_trace
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from servicekit.problems import DomainError, Kind, problem_document

DEFAULT_BODY_LIMIT = 256 * 1024
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class EdgeMiddleware:
    def __init__(self, app: ASGIApp, body_limits: Mapping[str, int]) -> None:
        self.app = app
        self._limits = body_limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_uuid().hex
        scope["request_id"] = request_id
        traceparent = headers.get("traceparent", "")
        trace = Trace(correlation_id=request_id, traceparent=traceparent if _TRACEPARENT.fullmatch(traceparent) else "")
        token = current_trace.set(trace)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        limit = self._limits.get(scope["path"], DEFAULT_BODY_LIMIT)
        try:
            length = headers.get("content-length", "0")
            if not length.isdecimal() or int(length) > limit:
                await _refuse(send_with_id, request_id, limit)
                return
            await self.app(scope, _limited(receive, limit), send_with_id)
        finally:
            current_trace.reset(token)


def _limited(receive: Receive, limit: int) -> Receive:
    seen = 0

    async def receive_some() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > limit:
                raise _too_large(limit)
        return message

    return receive_some


def _too_large(limit: int) -> DomainError:
    return DomainError(Kind.TOO_LARGE, "body-too-large", f"The body may have {limit} bytes at most.")


async def _refuse(send: Send, request_id: str, limit: int) -> None:
    body = json.dumps(problem_document(_too_large(limit), request_id)).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 413, "headers": [*headers, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": body})
