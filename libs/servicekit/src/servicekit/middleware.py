"""The edge of every service: request id, trace, limits, metrics, and what nobody expected.

Plain ASGI: BaseHTTPMiddleware costs 100 µs a request.
"""

import json
import logging
import re
from collections.abc import Mapping
from time import perf_counter

import asyncpg
from contracts.envelope import Trace
from contracts.ids import new_uuid
from messaging.sight import EVERYTHING, NOTHING, seeing
from messaging.trace import current_trace
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from servicekit.identity import Restricted, is_restricted
from servicekit.metrics import LATENCY, REQUESTS
from servicekit.problems import DomainError, Kind, problem_document
from servicekit.telemetry import Telemetry

logger = logging.getLogger(__name__)

DEFAULT_BODY_LIMIT = 256 * 1024
DRAINED_BYTES = 16 * 1024 * 1024
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class EdgeMiddleware:
    def __init__(self, app: ASGIApp, name: str, body_limits: Mapping[str, int], *, restricted: Restricted) -> None:
        self.app = app
        self._restricted: Restricted = restricted
        self._name = name
        self._limits = body_limits
        self._limits_under = tuple((path, limit) for path, limit in body_limits.items() if path.endswith("/"))
        self._metrics: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = perf_counter()
        answered: list[int] = []
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_uuid().hex
        scope["request_id"] = request_id
        traceparent = headers.get("traceparent", "")
        trace = Trace(correlation_id=request_id, traceparent=traceparent if _TRACEPARENT.fullmatch(traceparent) else "")
        token = current_trace.set(trace)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered.append(message["status"])
                answer_headers = MutableHeaders(scope=message)
                answer_headers["x-request-id"] = request_id
                answer_headers["x-content-type-options"] = "nosniff"
                # Answers hold personal data: nothing in between keeps them unless a route says so.
                answer_headers.setdefault("cache-control", "no-store")
            await send(message)

        try:
            telemetry: Telemetry | None = getattr(scope["app"].state, "telemetry", None)
            if telemetry is None:
                await self._answer(scope, receive, send_with_id)
            else:
                with telemetry.request(scope["method"], lambda: (route_of(scope), _status(answered))):
                    await self._answer(scope, receive, send_with_id)
        except Exception as error:
            # Nobody knew it: a bug, unless the answer had begun and its reader went away.
            logger.exception("%s %s failed", scope["method"], route_of(scope))
            if answered:
                raise
            await _send_problem(send_with_id, _unexpected(error), request_id)
        finally:
            current_trace.reset(token)
            self._count(scope, answered, perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = self._limits.get(scope["path"]) or self._limit_under(scope["path"])
        length = Headers(scope=scope).get("content-length", "0")
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            await _send_problem(send, _nul_in_address(), scope["request_id"])
        elif not length.isdecimal() or int(length) > limit:
            await _drain(receive)
            await _send_problem(send, _too_large(limit), scope["request_id"])
        else:
            # Until it is known who calls, nobody's rows are seen.
            sight = NOTHING if is_restricted(self._restricted, scope["method"]) else EVERYTHING
            with seeing(sight):
                await self.app(scope, _limited(receive, limit), send)

    def _limit_under(self, path: str) -> int:
        return next((limit for start, limit in self._limits_under if path.startswith(start)), DEFAULT_BODY_LIMIT)

    def _count(self, scope: Scope, answered: list[int], seconds: float) -> None:
        key = (scope["method"], route_of(scope), _status(answered))
        metrics = self._metrics.get(key)
        if metrics is None:  # looking labels up costs more than counting
            method, route, status = key
            metrics = REQUESTS.labels(self._name, method, route, status), LATENCY.labels(self._name, route)
            self._metrics[key] = metrics
        requests, latency = metrics
        requests.inc()
        latency.observe(seconds)


def route_of(scope: Scope) -> str:
    """The template, e.g. `/v1/users/{user_id}`: a path would put ids into metrics and logs."""
    return getattr(scope.get("route"), "path", "unknown")


def _status(answered: list[int]) -> int:
    """Without an answer the client was gone, or is about to get a 500."""
    return answered[0] if answered else 500


async def _drain(receive: Receive) -> None:
    """Reads and forgets the body, up to a bound: who still sends when the connection closes never sees the answer."""
    left = DRAINED_BYTES
    while left > 0:
        message = await receive()
        left -= len(message.get("body", b"")) + 1
        if not message.get("more_body", False):
            return


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


def _nul_in_address() -> DomainError:
    return DomainError(Kind.BAD_REQUEST, "address-nul", "The path or the query holds a NUL character.")


def _unexpected(error: Exception) -> DomainError:
    if isinstance(error, asyncpg.DataError):
        return DomainError(Kind.INVALID, "value-not-storable", "A value of the request cannot be stored.")
    return DomainError(Kind.UNEXPECTED, "unexpected", "Something went wrong here. It has been logged.")


async def _send_problem(send: Send, error: DomainError, request_id: str) -> None:
    """The body may not have been read: the connection ends with this answer."""
    body = json.dumps(problem_document(error, request_id)).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": int(error.kind), "headers": headers})
    await send({"type": "http.response.body", "body": body})
