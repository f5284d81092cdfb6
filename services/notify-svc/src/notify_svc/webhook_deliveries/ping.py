"""A test delivery, so that whoever sets an endpoint up sees that it works."""

from datetime import UTC, datetime

from asyncpg import Record
from contracts.ids import new_uuid
from messaging.trace import current_trace
from messaging.unit_of_work import UnitOfWork

from notify_svc.scope import WebhookScope
from notify_svc.webhook_deliveries import store
from notify_svc.webhook_deliveries.queue_deliveries import NewDelivery, queue_deliveries
from notify_svc.webhook_endpoints.endpoint import Endpoint

PING = "webhook.ping.v1"


async def queue_ping(work: UnitOfWork, endpoint: Endpoint) -> Record:
    cause_id = new_uuid()
    ping = NewDelivery(
        endpoint_id=endpoint.id,
        cause_id=cause_id,
        cause_type=PING,
        event_type=PING,
        purpose="test",
        lead=None,
        at=datetime.now(UTC),
        data={"endpoint_id": endpoint.id},
        trace=current_trace.get(),
    )
    await queue_deliveries(work, [ping])
    filters = store.DeliveryFilters(endpoint_id=endpoint.id, event_type=PING)
    [row] = await store.list_deliveries(work, WebhookScope(), filters, None, 1)
    return row
