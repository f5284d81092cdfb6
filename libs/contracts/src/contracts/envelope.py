"""CloudEvents 1.0 structured JSON: how an event travels and is stored in an outbox."""

from collections.abc import Collection
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from contracts.event import EVENT_TYPES, Event
from contracts.ids import new_uuid
from contracts.upcast import UPCASTERS

CONTENT_TYPE = "application/cloudevents+json"


class UnknownEventType(ValueError):
    """No class is registered for the type, or none that is wanted: a new major version, or not ours.

    Its text holds no input values.
    """


class UndecodableMessage(ValueError):
    """The body is not a CloudEvent, or its data does not fit the class. Its text holds no input values."""


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a message comes from: what it belongs to, what caused it, and the W3C trace parent."""

    correlation_id: str = ""
    causation_id: str = ""
    traceparent: str = ""


class Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The attributes of a CloudEvent; `sequence` is the subject's version at its owner."""

    specversion: Literal["1.0"]
    id: UUID
    source: str
    type: str
    subject: str
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    datacontenttype: str
    dataschema: str
    sequence: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    data: msgspec.Raw
    correlationid: str = ""
    causationid: str = ""
    traceparent: str = ""

    @property
    def trace(self) -> Trace:
        return Trace(
            correlation_id=self.correlationid or str(self.id), causation_id=str(self.id), traceparent=self.traceparent
        )


class OutgoingMessage(msgspec.Struct, frozen=True):
    """An encoded event, ready to be stored in the outbox. `id` is also the AMQP `message_id`."""

    id: UUID
    type: str
    subject: str
    body: bytes


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Envelope)

# RecursionError: JSON that is nested deeper than the interpreter's stack.
_DECODING_ERRORS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@cache
def _data_decoder(event_class: type[Event]) -> msgspec.json.Decoder[Event]:
    return msgspec.json.Decoder(event_class)


def schema_uri(event_type: str) -> str:
    return f"urn:leadwire:schema:{event_type}"


def encode(event: Event, *, source: str, sequence: int, trace: Trace) -> OutgoingMessage:
    """Encodes an event under a new time-ordered id."""
    envelope = msgspec.structs.replace(
        blank(type(event), source=source, trace=trace),
        subject=event.subject,
        sequence=sequence,
        data=msgspec.Raw(_encoder.encode(event)),
    )
    return OutgoingMessage(envelope.id, event.type, event.subject, _encoder.encode(envelope))


def blank(event_class: type[Event], *, source: str, trace: Trace) -> Envelope:
    """Subject, sequence and data are yet to be written: by a statement, where nobody knows them before it runs."""
    message_id = new_uuid()
    return Envelope(
        specversion="1.0",
        id=message_id,
        source=source,
        type=event_class.type,
        subject="",
        time=datetime.now(UTC),
        datacontenttype="application/json",
        dataschema=schema_uri(event_class.type),
        sequence=0,
        data=msgspec.Raw(b"null"),
        correlationid=trace.correlation_id or str(message_id),
        causationid=trace.causation_id,
        traceparent=trace.traceparent,
    )


def decode_envelope(body: bytes) -> Envelope:
    """Raises UndecodableMessage."""
    try:
        return _decoder.decode(body)
    except _DECODING_ERRORS:
        raise UndecodableMessage("not a CloudEvent in structured JSON") from None


def decode_event(envelope: Envelope, wanted: Collection[type[Event]] = ()) -> Event:
    """The event inside, upcast until its class is one of `wanted` (by default as it was sent).

    Raises UnknownEventType, also if no upcaster leads to a wanted class, or UndecodableMessage.
    """
    event_class = EVENT_TYPES.get(envelope.type)
    if event_class is None:
        raise UnknownEventType("no class is registered for the type of this message")
    try:
        event = _data_decoder(event_class).decode(envelope.data)
    except _DECODING_ERRORS:
        raise UndecodableMessage(f"data does not fit {envelope.type}") from None
    while wanted and type(event) not in wanted:
        upcast = UPCASTERS.get(event.type)
        if upcast is None:
            raise UnknownEventType(f"{event.type} is not wanted, and no upcaster makes something newer of it")
        event = upcast(event)
    return event
