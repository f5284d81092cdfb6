"""HTTP of billing."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from messaging.database import Database
from pydantic import BaseModel, Field
from servicekit.http import Input, router
from servicekit.identity import Caller

from validation_svc import scope
from validation_svc.billing.flip_billable import flip_billable
from validation_svc.cases.rules import Verdict, contact_status
from validation_svc.cases.shapes import NoteText


class BillableInput(Input):
    billable: Annotated[bool, Field(strict=True)]
    reason: NoteText


class Billing(BaseModel):
    """As much of a case as its client needs."""

    lead_id: str
    billable: bool
    contact_status: Verdict
    version: int
    delivered_at: datetime | None


def billing_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/validation", tags=["validation"])

    @routes.post("/cases/{lead_id}/billable")
    async def flip(lead_id: str, body: BillableInput, caller: Caller) -> Billing:
        sponsor_ids = scope.billing_of(caller)
        async with database.unit_of_work() as work:
            row = await flip_billable(
                work, lead_id, sponsor_ids, billable=body.billable, by=(caller.user_id, body.reason)
            )
        return Billing(
            lead_id=row["lead_id"],
            billable=row["billable"],
            contact_status=contact_status(row["state"]),
            version=row["version"],
            delivered_at=row["delivered_at"],
        )

    return routes
