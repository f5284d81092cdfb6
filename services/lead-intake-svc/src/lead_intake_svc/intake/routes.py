"""`POST /v1/leads` and `POST /v1/leads/batch`."""

from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from lead_intake_svc.intake.admission import Admission
from lead_intake_svc.intake.answer_once import AnswerOnce
from lead_intake_svc.intake.candidate import Sender, fingerprint_of
from lead_intake_svc.intake.direct import DirectRoute
from lead_intake_svc.intake.json_body import described, located, read_body, read_json
from lead_intake_svc.intake.outcomes import as_http
from lead_intake_svc.intake.push_batch import MAX_ROWS, BatchPush
from lead_intake_svc.intake.push_lead import Intake
from lead_intake_svc.intake.shapes import LeadInput
from lead_intake_svc.keys.authenticate import Authenticator
from lead_intake_svc.leads.answers import BatchAnswer, LeadAnswer
from pydantic import ValidationError
from servicekit.http import router
from servicekit.idempotency_many import StoredAnswer, once_of
from servicekit.problems import DomainError, Kind, invalid
from servicekit.strict_json import parse

BATCH_PATH = "/v1/leads/batch"
BATCH_BYTES = 4 * 1024 * 1024
NDJSON = ("application/x-ndjson", "application/jsonl", "application/ndjson")
_KEY_SECURITY: dict[str, Any] = {"security": [{"partnerKey": []}]}


def intake_router(authenticator: Authenticator, admission: Admission, intake: Intake) -> APIRouter:
    routes = APIRouter(route_class=DirectRoute, tags=["intake"])

    @routes.post(
        "/v1/leads",
        status_code=201,
        response_model=LeadAnswer,
        responses={200: {"model": LeadAnswer}},
        openapi_extra=described(LeadInput) | _KEY_SECURITY,
    )
    async def push_lead(request: Request) -> Response:
        key, partner = await authenticator.seller(request)
        body = await read_json(request)
        lead = _validate(body)
        await admission.missing_known([lead])
        candidate = admission.admit(lead, Sender(partner, key.test or partner.is_test), fingerprint_of(body))
        once = await once_of(request)
        if once is None:
            pushed = await intake.push(candidate)
            return _response(as_http(pushed.answer, pushed.status), replayed=False)
        answer, replayed = await intake.push_once(candidate, once)
        return _response(answer, replayed=replayed)

    return routes


def batch_router(authenticator: Authenticator, batch: BatchPush, answers: AnswerOnce) -> APIRouter:
    """A repeat without `Idempotency-Key` changes nothing either."""
    routes = router(tags=["intake"])

    @routes.post(
        BATCH_PATH,
        response_model=BatchAnswer,
        openapi_extra=described(LeadInput, **{NDJSON[0]: {"schema": {"type": "string"}}}) | _KEY_SECURITY,
    )
    async def push_batch(request: Request) -> Response:
        key, partner = await authenticator.seller(request)
        rows = await _rows(request)

        async def pushed() -> StoredAnswer:
            results = await batch.push(rows, Sender(partner, key.test or partner.is_test))
            return StoredAnswer(200, {"content-type": "application/json"}, msgspec.json.encode({"results": results}))

        once = await once_of(request)
        if once is None:
            return _response(await pushed(), replayed=False)
        answer, replayed = await answers.answer(once, pushed)
        return _response(answer, replayed=replayed)

    push_batch.handles_idempotency = True  # pyright: ignore[reportFunctionMemberAccess] -- a mark for `Route`
    return routes


def _validate(body: Any) -> LeadInput:
    try:
        return LeadInput.model_validate(body)
    except ValidationError as error:
        raise located(error) from None


async def _rows(request: Request) -> list[Any]:
    """The rows of a JSON array or of NDJSON; a broken line stands for itself as its error."""
    body = await read_body(request, "application/json", *NDJSON)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    lines = media_type in NDJSON
    rows = [_line(line) for line in body.split(b"\n") if line.strip()] if lines else parse(body)
    if not isinstance(rows, list):
        raise invalid("batch-not-a-list", "Send a JSON array of leads, or NDJSON.", "")
    if not 0 < len(rows) <= MAX_ROWS:
        raise invalid("batch-size", f"A batch has 1 to {MAX_ROWS} leads.", "")
    return rows


def _line(line: bytes) -> Any:
    try:
        return parse(line)
    except DomainError as error:
        return DomainError(Kind.INVALID, error.code, error.detail)


def _response(answer: StoredAnswer, *, replayed: bool) -> Response:
    headers = {**answer.headers, "Idempotent-Replayed": "true"} if replayed else answer.headers
    return Response(answer.body, answer.status, headers)
