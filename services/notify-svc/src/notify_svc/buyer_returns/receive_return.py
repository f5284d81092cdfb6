"""A buyer's Leadwire wants to give a lead back: a webhook that comes in, signed by it."""

from collections.abc import Mapping
from typing import Any

import msgspec
from contracts.events.intake import ReturnRequestedV1
from contracts.events.notify import ReturnReceivedV1
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from servicekit.identity import unauthenticated
from servicekit.problems import DomainError, Kind, invalid, not_found
from servicekit.sealing import SealBroken, Sealer
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from notify_svc.buyer_returns import store

MAX_BYTES = 64 * 1024
MAX_ID = 200


class _Return(msgspec.Struct, frozen=True):
    """The outward shape of a return as a partner hears it; what else it holds is ignored."""

    return_id: str
    lead_id: str
    reason: str
    external_id: str | None = None
    comment: str | None = None


class _Incoming(msgspec.Struct, frozen=True):
    type: str
    data: msgspec.Raw


async def receive_webhook(
    database: Database, sealer: Sealer, endpoint_id: str, headers: Mapping[str, str], body: bytes
) -> None:
    """Once per webhook-id; other types than returns have no effect. Raises 401, 404, 413 or 422."""
    if len(body) > MAX_BYTES:
        raise DomainError(Kind.TOO_LARGE, "body-too-large")
    sender = await store.find_sender(database, endpoint_id)
    if sender is None:
        raise not_found()
    _verify(sealer, endpoint_id, sender, headers, body)
    incoming = _decoded(body, _Incoming)
    async with database.unit_of_work() as work:
        is_new = await store.remember(work, endpoint_id, headers["webhook-id"])
        if is_new and incoming.type == ReturnRequestedV1.type:
            await _pass_on(work, endpoint_id, sender.owner_id, _decoded(incoming.data, _Return))


def _verify(
    sealer: Sealer, endpoint_id: str, sender: store.KnownSender, headers: Mapping[str, str], body: bytes
) -> None:
    """Over the raw bytes; a timestamp more than five minutes off is refused by the library."""
    try:
        secret = sealer.open(sender.incoming_secret, endpoint_id)
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, SealBroken, ValueError):
        raise unauthenticated("The signature, the id or the timestamp of the webhook is not right.") from None
    if not 0 < len(headers["webhook-id"]) <= MAX_ID:
        raise unauthenticated("The id of the webhook is too long.")


async def _pass_on(work: UnitOfWork, endpoint_id: str, buyer_id: str, wanted: _Return) -> None:
    lead = await store.find_lead(work, endpoint_id, wanted.lead_id, wanted.external_id)
    if lead is None:
        raise invalid("lead-unknown", "This is no lead that was sold through this endpoint.", "/data/lead_id")
    event = ReturnReceivedV1(
        lead=lead,
        buyer_id=buyer_id,
        external_return_id=wanted.return_id[:MAX_ID],
        reason=wanted.reason[:500],
        comment=wanted.comment[:4000] if wanted.comment else None,
    )
    # Each is told once, so they need no order among themselves.
    work.publish(event, sequence=1)


def _decoded(body: bytes | msgspec.Raw, shape: type[Any]) -> Any:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise invalid("webhook-unreadable", "This is not a webhook as Leadwire sends it.") from None
