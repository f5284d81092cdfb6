"""From bytes to an event with its envelope, or to a verdict without one."""

import hashlib
from collections.abc import Collection
from uuid import UUID

from contracts.envelope import Envelope, UndecodableMessage, UnknownEventType, decode_envelope, decode_event
from contracts.event import Event

from messaging.inbox.delivery import DONE, Dead, Delivery, Verdict
from messaging.inbox.failures import Failure
from messaging.subscription import Received


class Item:
    """A delivery under way to its verdict. Without `received` it could not be read, and the verdict stands."""

    __slots__ = ("delivery", "envelope", "message_id", "received", "verdict")

    def __init__(self, delivery: Delivery, envelope: Envelope | None) -> None:
        self.delivery = delivery
        self.envelope = envelope
        self.received: Received[Event] | None = None
        self.message_id = envelope.id if envelope else delivery.message_id or id_of_body(delivery.body)
        self.verdict: Verdict = DONE

    def dead(self, failure: Failure) -> Dead:
        event_type, subject = (self.envelope.type, self.envelope.subject) if self.envelope else ("", "")
        return Dead(
            message_id=self.message_id,
            type=_storable(event_type),
            subject=_storable(subject),
            code=failure.code,
            detail=failure.detail,
            attempts=self.delivery.attempts + 1,
        )


def _storable(text: str) -> str:
    """A stranger's text may hold NUL, which PostgreSQL refuses, or be longer than an AMQP header may be."""
    return text.replace("\0", "")[:200]


def id_of_body(body: bytes) -> UUID:
    """The same bytes get the same id, so that garbage which comes twice is one dead letter."""
    return UUID(bytes=hashlib.sha256(body).digest()[:16], version=5)


def decode(delivery: Delivery, wanted: Collection[type[Event]]) -> Item:
    """Never raises: what cannot be read, or is none of the wanted classes, comes back with its verdict."""
    envelope: Envelope | None = None
    try:
        envelope = decode_envelope(delivery.body)
        item = Item(delivery, envelope)
        item.received = Received(decode_event(envelope, wanted), envelope)
    except UndecodableMessage:
        return _unreadable(delivery, envelope, Failure("undecodable", "UndecodableMessage"))
    except UnknownEventType:
        return _unreadable(delivery, envelope, Failure("unknown-type", "UnknownEventType"))
    return item


def _unreadable(delivery: Delivery, envelope: Envelope | None, failure: Failure) -> Item:
    item = Item(delivery, envelope)
    item.verdict = item.dead(failure)
    return item
