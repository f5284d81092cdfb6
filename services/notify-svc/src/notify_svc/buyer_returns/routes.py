"""`POST /v1/webhook-endpoints/{id}/incoming`: the signature says who it is, there is no other identity."""

from fastapi import APIRouter, Request, Response
from messaging.database import Database
from servicekit.sealing import Sealer

from notify_svc.buyer_returns.receive_return import receive_webhook


def incoming_routes(database: Database, sealer: Sealer) -> APIRouter:
    routes = APIRouter(tags=["webhooks"])

    @routes.post("/v1/webhook-endpoints/{endpoint_id}/incoming", status_code=204)
    async def receive(endpoint_id: str, request: Request) -> Response:
        await receive_webhook(database, sealer, endpoint_id, request.headers, await request.body())
        return Response(status_code=204)

    return routes
