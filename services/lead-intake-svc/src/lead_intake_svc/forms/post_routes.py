"""`POST /v1/forms/{id}`: what a form sent (I2.28)."""

from typing import Any

from fastapi import APIRouter, Request, Response
from servicekit.http import router

from lead_intake_svc.forms.post_form import FormPosts
from lead_intake_svc.forms.read_post import FORM_TYPES
from lead_intake_svc.intake.outcomes import as_http
from lead_intake_svc.leads.answers import LeadAnswer

_ANYTHING: dict[str, Any] = {"schema": {"type": "object", "additionalProperties": True}}
_POST: dict[str, Any] = {
    "requestBody": {"required": True, "content": dict.fromkeys((*FORM_TYPES, "application/json"), _ANYTHING)},
    "security": [{}, {"partnerKey": []}],
}


def form_posts_router(posts: FormPosts) -> APIRouter:
    routes = router(prefix="/v1/forms", tags=["forms"])

    async def post(request: Request, form_id: str) -> Response:
        """Needs the partner's key unless the form is public. A form with a `success_url` sends browsers there."""
        form, pushed = await posts.post(request, form_id)
        answer = as_http(pushed.answer, pushed.status)
        headers = dict(answer.headers)
        if form["public"]:
            headers["access-control-allow-origin"] = "*"
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if form["success_url"] and media_type in FORM_TYPES:
            return Response(None, 303, headers | {"location": form["success_url"]})
        return Response(answer.body, answer.status, headers)

    post.handles_idempotency = True  # pyright: ignore[reportFunctionMemberAccess] -- the same post is the same lead
    routes.post(
        "/{form_id}",
        status_code=201,
        response_model=LeadAnswer,
        responses={200: {"model": LeadAnswer}, 303: {"description": "Stored; on to the form's page."}},
        openapi_extra=_POST,
    )(post)

    return routes
