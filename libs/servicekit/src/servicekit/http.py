"""The FastAPI application of a service: problem documents, request ids, limits, health."""

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from messaging.database import Database
from starlette.exceptions import HTTPException

from servicekit.audit.edge import name_doer
from servicekit.audit.rules import Rules
from servicekit.dead_letters.routes import dead_letter_routes
from servicekit.docs_page import add_docs_page
from servicekit.health import set_up_health
from servicekit.http_input import Input, Patch
from servicekit.idempotency import Route
from servicekit.identity import IdentityVerifier, Restricted
from servicekit.middleware import EdgeMiddleware, route_of
from servicekit.problems import DomainError, FieldError, Kind, problem_document
from servicekit.unavailable import UNAVAILABLE, unavailable

logger = logging.getLogger(__name__)

PROBLEM_TYPE = "application/problem+json"
__all__ = ["Db", "Input", "Patch", "create_http", "router"]
MAX_ERRORS = 100
MAX_NAME = 100
_CODES = {400: "bad-request", 404: "not-found", 405: "method-not-allowed", 413: "body-too-large"}


async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


Db = Annotated[Database, Depends(_database)]


def router(**options: Any) -> APIRouter:
    """A router whose routes parse JSON strictly and honour `Idempotency-Key`."""
    return APIRouter(route_class=Route, **options)


def create_http(  # noqa: PLR0913 -- what a service is at its edge
    name: str,
    database: Database,
    verifier: IdentityVerifier,
    routers: Sequence[APIRouter],
    *,
    body_limits: Mapping[str, int] | None = None,
    audit: Rules | None = None,
    restricted: Restricted = "all",
    hears_of: Collection[str] = (),
) -> FastAPI:
    """`hears_of`: prefixes of the ids of what other services make and this one hears of (`servicekit.newcomers`).

    `restricted`: in which requests the database shows a sponsor, a partner or an agent their own rows only. Where a
    write of theirs has to meet others, or nothing is anybody's, it is for the statements alone.

    `body_limits` maps a path to its limit in bytes where it differs from the default of 256 KiB; one that ends with
    a slash stands for all that are under it. Every write leaves an audit entry, but for what `audit` names.
    """
    http = FastAPI(title=name, version="1", docs_url=None, redoc_url=None, redirect_slashes=False)
    http.router.route_class = Route
    http.state.database = database
    http.state.identity_verifier = verifier
    http.state.restricted = restricted
    http.state.audit = audit or Rules()
    http.state.hears_of = frozenset(hears_of)
    database.on_begin(name_doer)
    for each_router in routers:  # before the rest: routes are tried in their order
        http.include_router(each_router)
    http.include_router(dead_letter_routes(name, database))
    set_up_health(http, name, database)
    add_docs_page(http)
    http.add_exception_handler(DomainError, _on_domain_error)
    http.add_exception_handler(RequestValidationError, _on_validation_error)
    http.add_exception_handler(HTTPException, _on_http_exception)
    for error_class in UNAVAILABLE:
        http.add_exception_handler(error_class, _on_unavailable)
    http.add_middleware(EdgeMiddleware, name=name, body_limits=body_limits or {}, restricted=restricted)
    return http


def problem(request: Request, error: DomainError) -> Response:
    document = problem_document(error, request.scope.get("request_id", ""))
    return JSONResponse(document, int(error.kind), dict(error.headers), PROBLEM_TYPE)


def _on_domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)  # noqa: S101 -- registered for this class only
    return problem(request, error)


def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- registered for this class only
    return problem(request, validation_failed(error))


def validation_failed(error: RequestValidationError) -> DomainError:
    """All that is wrong with the input, with pointers and without its values."""
    found = error.errors()
    errors = [FieldError(_pointer(e["loc"]), _code(e), _words(e)) for e in found[:MAX_ERRORS]]
    detail = f"{len(found)} field(s) of the request are not as they should be."
    return DomainError(Kind.INVALID, "validation-failed", detail, errors)


def _pointer(location: Sequence[str | int]) -> str:
    """Names of unknown fields are the sender's: they are needed here, but not all of a long one."""
    place, *rest = (str(part)[:MAX_NAME] for part in location)
    if place == "body":
        return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in rest)
    return "?" + ".".join(rest)


def _code(error: Mapping[str, Any]) -> str:
    return str(error["type"]).replace("_", "-")


def _words(error: Mapping[str, Any]) -> str:
    """Pydantic's message, unless it could repeat what was sent."""
    if error["type"] in {"value_error", "assertion_error"}:
        return str(error.get("ctx", {}).get("error", "The value is not allowed."))
    if error["type"] == "union_tag_invalid":
        return "The kind is not one of those expected here."
    return str(error["msg"])


def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 -- registered for this class only
    if isinstance(error.__cause__, DomainError):  # FastAPI wraps what reading the body raised
        return problem(request, error.__cause__)
    code = _CODES.get(error.status_code, "http-error")
    if error.status_code not in set(Kind):
        document = {**problem_document(DomainError(Kind.BAD_REQUEST, code), request.scope.get("request_id", ""))}
        document["status"] = error.status_code
        return JSONResponse(document, error.status_code, error.headers, PROBLEM_TYPE)
    return problem(request, DomainError(Kind(error.status_code), code, headers=error.headers or {}))


def _on_unavailable(request: Request, error: Exception) -> Response:
    logger.warning("%s %s: %s", request.method, route_of(request.scope), type(error).__name__)
    return problem(request, unavailable())
