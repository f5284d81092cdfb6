"""`/v1/crm/campaigns` (S0.9)."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from messaging.database import Database
from servicekit.http import router
from servicekit.identity import Caller, allow
from servicekit.problems import not_found

from sponsor_svc.crm import store
from sponsor_svc.crm.announce_campaign import announce_campaign
from sponsor_svc.crm.shapes import Announcement, Campaign

CAMPAIGNS = "/v1/crm/campaigns/"
MOST_BYTES = 8 * 1024 * 1024
ANNOUNCERS = frozenset({"integration", "admin"})
ExternalId = Annotated[str, Path(min_length=1, max_length=60)]


def routes(database: Database) -> APIRouter:
    campaigns = router(prefix="/v1/crm/campaigns", tags=["crm"])

    @campaigns.put("/{external_id}", status_code=201, responses={200: {"model": Campaign}})
    async def announce(caller: Caller, external_id: ExternalId, body: Announcement, response: Response) -> Campaign:
        """Idempotent. The campaign is *available* until somebody activates its project; then its contacts enter."""
        allow(caller, ANNOUNCERS)
        async with database.unit_of_work() as work:
            row, new = await announce_campaign(work, external_id, body)
        response.status_code = 201 if new else 200
        return Campaign(**row)

    @campaigns.get("/{external_id}")
    async def read(caller: Caller, external_id: ExternalId) -> Campaign:
        allow(caller, ANNOUNCERS | {"supervisor"})
        async with database.unit_of_work() as work:
            row = await store.find(work, external_id)
        if row is None:
            raise not_found()
        return Campaign(**row)

    return campaigns
