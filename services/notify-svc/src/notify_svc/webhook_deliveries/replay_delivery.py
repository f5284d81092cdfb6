"""A person asks for a delivery again: the same body under the same webhook-id."""

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict, not_found

from notify_svc.scope import WebhookScope
from notify_svc.webhook_deliveries import store


async def replay_delivery(work: UnitOfWork, delivery_id: str, scope: WebhookScope, by: str) -> Record:
    """Raises 404, or 409 for one that is under way or erased, or whose endpoint is disabled."""
    row = await store.replay(work, delivery_id, scope, by)
    if row is not None:
        return row
    current = await store.why_not(work, delivery_id, scope)
    if current is None:
        raise not_found()
    if current["erased"]:
        raise conflict("delivery-erased", "What was delivered is erased.")
    if current["disabled"]:
        raise conflict("endpoint-disabled", "Enable the endpoint first.")
    raise conflict("delivery-under-way", "The delivery is waiting to be sent, or is being sent.")
