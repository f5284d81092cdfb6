"""A post to a form becomes a push: same checks, same answer."""

import hashlib
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from asyncpg import Record
from fastapi import Request
from messaging.database import Database
from pydantic import ValidationError
from servicekit.problems import invalid, not_found

from lead_intake_svc.forms import store
from lead_intake_svc.forms.limits import FormLimits
from lead_intake_svc.forms.read_post import read_post
from lead_intake_svc.forms.rules import Came, FormFacts, lead_body
from lead_intake_svc.intake.admission import Admission
from lead_intake_svc.intake.candidate import Sender, fingerprint_of
from lead_intake_svc.intake.json_body import located
from lead_intake_svc.intake.push_lead import Intake, Pushed
from lead_intake_svc.intake.shapes import LeadInput
from lead_intake_svc.keys.authenticate import Authenticator


class FormPosts:
    def __init__(
        self, database: Database, authenticator: Authenticator, admission: Admission, intake: Intake, limits: FormLimits
    ) -> None:
        self._database = database
        self._authenticator = authenticator
        self._admission = admission
        self._intake = intake
        self._limits = limits

    async def post(self, request: Request, form_id: str) -> tuple[Record, Pushed]:
        """Raises 401, 403, 404, 409, 422 and 429 as a push does."""
        form = await store.find_for_post(self._database, form_id)
        form, sender = await self._allowed(request, form)
        address = address_of(request)
        if form["public"]:
            await self._limits.count(form, address)
        fields = await read_post(request)
        if form["honeypot"] and fields.get(form["honeypot"]):
            raise invalid("form-refused", "The form was filled in by a program.", "")
        digest = fingerprint_of({"form": form_id, "fields": fields})
        # The same post twice is the same lead: people click again.
        external_id = f"{form_id}:{hashlib.sha256(digest).hexdigest()[:32]}"
        came = Came(datetime.now(UTC), address, request.headers.get("referer"))
        lead = _validated(lead_body(facts_of(form), fields, came, external_id))
        await self._admission.missing_known([lead])
        return form, await self._intake.push(self._admission.admit(lead, sender, digest))

    async def _allowed(self, request: Request, form: Record | None) -> tuple[Record, Sender]:
        """The form's partner: by its key, or without one where the form is public.

        Who has no key learns nothing of the others: not even that there is one.
        """
        if form is None or not form["public"] or "authorization" in request.headers:
            key, partner = await self._authenticator.seller(request)
            if form is None or not form["active"] or partner.id != form["partner_id"]:
                raise not_found()
            return form, Sender(partner, key.test or partner.is_test)
        if not form["active"]:
            raise not_found()
        partner = await self._authenticator.selling(form["partner_id"])
        return form, Sender(partner, partner.is_test)


def facts_of(form: Record) -> FormFacts:
    return FormFacts(**{name: form[name] for name in FormFacts.__dataclass_fields__})


def address_of(request: Request) -> str | None:
    """As the server sees it, behind trusted proxies only what those say."""
    try:
        return str(ip_address(request.client.host if request.client else ""))
    except ValueError:
        return None


def _validated(body: dict[str, Any]) -> LeadInput:
    try:
        return LeadInput.model_validate(body)
    except ValidationError as error:
        raise located(error) from None
