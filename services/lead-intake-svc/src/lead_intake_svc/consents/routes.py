"""`POST /v1/leads/{id}/consent/revoke`, and by the person's number or address."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from messaging.database import Database
from pydantic import BaseModel, StringConstraints
from servicekit.http import Input, router
from servicekit.identity import Identity
from servicekit.problems import forbidden

from lead_intake_svc.consents.revoke import Revoker, revoke_of_lead, revoke_of_person
from lead_intake_svc.scope import Writer
from lead_intake_svc.suppressions.shapes import normalised


class WhoseConsent(Input):
    """A phone number without country code needs its `region`."""

    kind: Literal["phone", "email"]
    value: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    region: Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")] | None = None


class Revoked(BaseModel):
    lead_id: str
    revoked_at: datetime


class RevokedLeads(BaseModel):
    leads: int


def consents_router(database: Database) -> APIRouter:
    routes = router(prefix="/v1/leads", tags=["leads"])

    @routes.post("/consent/revoke")
    async def revoke_by_person(caller: Writer, wanted: WhoseConsent) -> RevokedLeads:
        """Of all leads of the person that the caller may see; says how many had one until now."""
        revoker = revoker_of(caller)
        value = normalised(wanted.kind, wanted.value, wanted.region)
        async with database.unit_of_work() as work:
            return RevokedLeads(leads=await revoke_of_person(work, wanted.kind, value, revoker))

    @routes.post("/{lead_id}/consent/revoke")
    async def revoke(caller: Writer, lead_id: str) -> Revoked:
        """Work on the lead stops at once. A second time changes nothing."""
        revoker = revoker_of(caller)
        async with database.unit_of_work() as work:
            return Revoked(lead_id=lead_id, revoked_at=await revoke_of_lead(work, lead_id, revoker))

    return routes


def revoker_of(caller: Identity) -> Revoker:
    if caller.is_supervisor or caller.access_level == "integration":
        return Revoker(caller.user_id, None)
    if caller.access_level == "partner" and caller.partner_id:
        return Revoker(caller.user_id, caller.partner_id)
    raise forbidden()
