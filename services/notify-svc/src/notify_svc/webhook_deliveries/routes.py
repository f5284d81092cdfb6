"""`/v1/webhook-deliveries`."""

from typing import Annotated

from fastapi import APIRouter, Query
from messaging.database import Database
from servicekit.http import router
from servicekit.identity import Caller
from servicekit.paging import Page, decode_cursor, page_of
from servicekit.problems import not_found

from notify_svc.scope import webhooks_of
from notify_svc.webhook_deliveries import shapes, store
from notify_svc.webhook_deliveries.replay_delivery import replay_delivery


def delivery_routes(database: Database) -> APIRouter:
    routes = router(prefix="/v1/webhook-deliveries", tags=["webhooks"])

    @routes.get("")
    async def list_deliveries(
        query: Annotated[shapes.DeliveryQuery, Query()], caller: Caller
    ) -> Page[shapes.DeliveryOut]:
        scope = webhooks_of(caller)
        filters = store.DeliveryFilters(query.endpoint_id, query.state, query.lead_id, query.event_type)
        before = decode_cursor(query.cursor, str)
        async with database.unit_of_work() as work:
            rows = await store.list_deliveries(work, scope, filters, before[0] if before else None, query.limit + 1)
        return page_of(rows, query.limit, shapes.shape_delivery, lambda row: (row["id"],))

    @routes.get("/{delivery_id}")
    async def read_delivery(delivery_id: str, caller: Caller) -> shapes.DeliveryWithLog:
        async with database.unit_of_work() as work:
            row = await store.read_delivery(work, delivery_id, webhooks_of(caller))
            if row is None:
                raise not_found()
            return shapes.shape_delivery_with_log(row, await store.read_attempts(work, delivery_id))

    @routes.post("/{delivery_id}/replay")
    async def replay(delivery_id: str, caller: Caller) -> shapes.DeliveryOut:
        scope = webhooks_of(caller)
        async with database.unit_of_work() as work:
            row = await replay_delivery(work, delivery_id, scope, caller.user_id)
        return shapes.shape_delivery(row)

    return routes
