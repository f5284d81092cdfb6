"""`/v1/webhook-endpoints`."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from servicekit.etag import IfMatch, etag
from servicekit.http import router
from servicekit.idempotency import without
from servicekit.identity import Caller, Identity
from servicekit.paging import Page, decode_cursor, page_of
from servicekit.problems import conflict, not_found

from notify_svc.scope import webhooks_of
from notify_svc.webhook_deliveries.ping import queue_ping
from notify_svc.webhook_deliveries.shapes import DeliveryOut, shape_delivery
from notify_svc.webhook_endpoints import shapes, store
from notify_svc.webhook_endpoints.change_endpoint import ChangeEndpoint, change_endpoint
from notify_svc.webhook_endpoints.create_endpoint import Rules, create_endpoint, issue_secret
from notify_svc.webhook_endpoints.endpoint import Endpoint
from notify_svc.webhook_endpoints.recover_endpoint import recover_endpoint
from notify_svc.webhook_sending.store import cancel_waiting


def endpoint_routes(database: Database, rules: Rules) -> APIRouter:
    routes = router(prefix="/v1/webhook-endpoints", tags=["webhooks"])
    _add_crud(routes, database, rules)
    _add_actions(routes, database, rules)
    return routes


def _add_crud(routes: APIRouter, database: Database, rules: Rules) -> None:
    @routes.post("", status_code=201)
    async def create(caller: Caller, body: shapes.NewEndpoint, response: Response) -> shapes.EndpointWithSecret:
        scope = webhooks_of(caller)
        async with database.unit_of_work() as work:
            endpoint, secret = await create_endpoint(work, dict(body), scope, rules)
        response.headers["Location"] = f"/v1/webhook-endpoints/{endpoint.id}"
        response.headers["ETag"] = etag(endpoint.version)
        return shapes.shown_once(endpoint, secret)

    create.answer_to_keep = without("secret")  # pyright: ignore[reportFunctionMemberAccess] -- read by servicekit's route

    @routes.get("")
    async def list_endpoints(
        caller: Caller, query: Annotated[shapes.EndpointQuery, Query()]
    ) -> Page[shapes.EndpointOut]:
        scope = webhooks_of(caller).narrowed_to(query.owner_kind, query.owner_id)
        before = decode_cursor(query.cursor, str)
        async with database.unit_of_work() as work:
            rows = await store.list_page(work, scope, before[0] if before else None, query.limit + 1)
        return page_of(rows, query.limit, shapes.shown, lambda endpoint: (endpoint.id,))

    @routes.get("/{endpoint_id}")
    async def read(caller: Caller, endpoint_id: str, response: Response) -> shapes.EndpointOut:
        async with database.unit_of_work() as work:
            endpoint = await _found(work, endpoint_id, caller)
        response.headers["ETag"] = etag(endpoint.version)
        return shapes.shown(endpoint)

    @routes.patch("/{endpoint_id}")
    async def change(
        caller: Caller, endpoint_id: str, body: shapes.EndpointPatch, response: Response, if_match: IfMatch = None
    ) -> shapes.EndpointOut:
        command = ChangeEndpoint(endpoint_id, webhooks_of(caller), body.sent(), if_match)
        async with database.unit_of_work() as work:
            endpoint = await change_endpoint(work, command, rules)
        response.headers["ETag"] = etag(endpoint.version)
        return shapes.shown(endpoint)

    @routes.delete("/{endpoint_id}", status_code=204)
    async def delete(caller: Caller, endpoint_id: str) -> Response:
        async with database.unit_of_work() as work:
            await _held(work, endpoint_id, caller)
            await store.delete(work, endpoint_id)
            await cancel_waiting(work, [endpoint_id])
        return Response(status_code=204)


def _add_actions(routes: APIRouter, database: Database, rules: Rules) -> None:
    @routes.post("/{endpoint_id}/rotate-secret")
    async def rotate_secret(caller: Caller, endpoint_id: str, body: shapes.Rotation | None = None) -> shapes.SecretOut:
        """Until `former_valid_until` every webhook carries two signatures."""
        wanted = body or shapes.Rotation()
        async with database.unit_of_work() as work:
            await _held(work, endpoint_id, caller)
            until = await store.retire_secrets(work, endpoint_id, wanted.overlap_hours)
            secret = await issue_secret(work, endpoint_id, rules.sealer)
        return shapes.SecretOut(secret=secret, former_valid_until=until if wanted.overlap_hours else None)

    rotate_secret.answer_to_keep = without("secret")  # pyright: ignore[reportFunctionMemberAccess] -- read by servicekit's route

    @routes.post("/{endpoint_id}/test", status_code=202)
    async def test(caller: Caller, endpoint_id: str) -> DeliveryOut:
        """Sends a `webhook.ping.v1`; the answer is its entry in the ledger."""
        async with database.unit_of_work() as work:
            endpoint = await _found(work, endpoint_id, caller)
            _check_enabled(endpoint)
            if endpoint.kind == "leadwire":
                raise conflict("endpoint-takes-leads-only", "A Leadwire takes leads, and no tests.")
            row = await queue_ping(work, endpoint)
        return shape_delivery(row)

    @routes.post("/{endpoint_id}/recover")
    async def recover(caller: Caller, endpoint_id: str, body: shapes.RecoverSince) -> shapes.Recovered:
        """All that was given up or cancelled since then is sent again, under the same webhook ids."""
        async with database.unit_of_work() as work:
            endpoint = await _held(work, endpoint_id, caller)
            _check_enabled(endpoint)
            queued = await recover_endpoint(work, endpoint, body.since, caller.user_id)
        return shapes.Recovered(queued=queued)


async def _found(work: UnitOfWork, endpoint_id: str, caller: Identity) -> Endpoint:
    """Raises 403 or 404."""
    return _or_404(await store.find(work, endpoint_id, webhooks_of(caller)))


async def _held(work: UnitOfWork, endpoint_id: str, caller: Identity) -> Endpoint:
    """Nobody else changes it until this transaction ends. Raises 403 or 404."""
    return _or_404(await store.find_to_change(work, endpoint_id, webhooks_of(caller)))


def _or_404(endpoint: Endpoint | None) -> Endpoint:
    if endpoint is None:
        raise not_found()
    return endpoint


def _check_enabled(endpoint: Endpoint) -> None:
    if endpoint.disabled:
        raise conflict("endpoint-disabled", "Enable the endpoint first.")
