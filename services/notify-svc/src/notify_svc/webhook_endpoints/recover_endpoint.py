"""Recover since: what was given up or cancelled, and confirmed leads for which there was no endpoint."""

from datetime import datetime

from messaging.unit_of_work import UnitOfWork

from notify_svc.erasure.store import hold_off_erasure
from notify_svc.lead_deliveries.deliver_confirmed import deliver_confirmed
from notify_svc.lead_deliveries.store import find_undelivered
from notify_svc.webhook_endpoints import store
from notify_svc.webhook_endpoints.endpoint import Endpoint

_LEADS_OF = {"sponsor": "sponsor_id", "project": "project_id"}


async def recover_endpoint(work: UnitOfWork, endpoint: Endpoint, since: datetime, by: str) -> int:
    """How many deliveries wait now that did not."""
    await hold_off_erasure(work)
    queued = await store.recover(work, endpoint.id, since, by)
    field = _LEADS_OF.get(endpoint.owner_kind)
    if endpoint.receives_leads and field is not None and endpoint.owner_id is not None:
        leads = await find_undelivered(work, since, field, endpoint.owner_id)
        queued += await deliver_confirmed(work, leads)
    return queued
