"""`/v1/email-bounces`."""

from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from messaging.database import Database
from pydantic import BaseModel, Field, ValidationError, model_validator
from servicekit.http import Input, router
from servicekit.identity import Caller
from servicekit.problems import DomainError, Kind, invalid

from notify_svc import scope
from notify_svc.bounces.reports import Report, ReportUnreadable, read_report
from notify_svc.bounces.take_report import Taken, take_report
from notify_svc.sending.addresses import Address

_REPORTS = ("multipart/report", "message/delivery-status", "message/feedback-report", "message/rfc822")


class Bounce(Input):
    """`message_id` is that of the mail that came back; without it, it was the newest one to `recipient`."""

    kind: Literal["bounce", "complaint"]
    message_id: Annotated[str, Field(min_length=3, max_length=250, pattern=r"^<?[^<>\s]+>?$")] | None = None
    recipient: Address | None = None
    permanent: bool = True
    status: Annotated[str, Field(max_length=20, pattern=r"^([245]\.\d{1,3}\.\d{1,3})?$")] = ""
    detail: Annotated[str, Field(max_length=500)] = ""

    @model_validator(mode="after")
    def _names_a_mail(self) -> Self:
        if self.message_id is None and self.recipient is None:
            raise ValueError("Say which mail came back: its Message-ID, or whom it had been sent to.")
        return self


class BounceResult(BaseModel):
    """`taken`, `known` from before, `noted` (a delay), or about an `unknown-mail`."""

    results: list[Taken]


_SCHEMA: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": Bounce.model_json_schema()},
            "multipart/report": {"schema": {"type": "string", "format": "binary"}},
            "message/delivery-status": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


def bounce_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/email-bounces", tags=["email bounces"])

    @routes.post("", openapi_extra=_SCHEMA)
    async def report(caller: Caller, request: Request) -> BounceResult:
        """JSON, or a report as mail systems send it (RFC 3464, RFC 5965), with its `Content-Type`."""
        scope.check_may_report_bounces(caller)
        reports = await _reports(request)
        async with database.unit_of_work() as work:
            return BounceResult(results=[await take_report(work, one) for one in reports])

    return routes


async def _reports(request: Request) -> list[Report]:
    """Raises 415, 422."""
    given = request.headers.get("content-type", "")
    kind = given.partition(";")[0].strip().lower()
    if kind == "application/json":
        return [_of_json(await request.json())]
    if kind not in _REPORTS:
        raise DomainError(Kind.UNSUPPORTED, "media-type-unsupported", f"Send JSON, or one of {', '.join(_REPORTS)}.")
    body = await request.body()
    # A whole mail brings its own headers; of a body alone, ours say what it is.
    whole = kind == "message/rfc822" or _has_headers(body)
    content = body if whole else b"Content-Type: " + given.encode("latin-1", "replace") + b"\r\n\r\n" + body
    try:
        return read_report(content)
    except (ReportUnreadable, ValueError, LookupError, RecursionError):
        raise invalid("report-unreadable", "The body is no delivery status and no feedback report.") from None


def _has_headers(body: bytes) -> bool:
    head = body.replace(b"\r\n", b"\n").partition(b"\n\n")[0].lower()
    return b"\ncontent-type: multipart/report" in b"\n" + head


def _of_json(document: Any) -> Report:
    try:
        bounce = Bounce.model_validate(document)
    except ValidationError as error:
        raise RequestValidationError([{**e, "loc": ("body", *e["loc"])} for e in error.errors()]) from None
    message_id = f"<{bounce.message_id.strip('<>')}>" if bounce.message_id else None
    return Report(
        kind=bounce.kind,
        message_id=message_id,
        recipient=bounce.recipient,
        permanent=bounce.permanent or bounce.kind == "complaint",
        status=bounce.status,
        words=bounce.detail,
    )
