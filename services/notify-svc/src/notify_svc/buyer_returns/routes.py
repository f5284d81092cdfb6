"""`POST /v1/webhook-endpoints/{id}/incoming`: the signature says who it is, there is no other identity."""

from fastapi import APIRouter, Request, Response
from messaging.database import Database
from messaging.sight import EVERYTHING, seeing
from servicekit.sealing import Sealer

from notify_svc.buyer_returns.receive_return import receive_webhook


def incoming_routes(database: Database, sealer: Sealer) -> APIRouter:
    routes = APIRouter(tags=["webhooks"])

    @routes.post("/v1/webhook-endpoints/{endpoint_id}/incoming", status_code=204)
    async def receive(endpoint_id: str, request: Request) -> Response:
        body = await request.body()
        with seeing(EVERYTHING):  # the signature is looked at first
            await receive_webhook(database, sealer, endpoint_id, request.headers, body)
        return Response(status_code=204)

    return routes
