"""CloudEvents 1.0 structured JSON: how an event travels and is stored in an outbox."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from contracts.event import EVENT_TYPES, Event
from contracts.ids import new_uuid

CONTENT_TYPE = "application/cloudevents+json"


class UnknownEventType(ValueError):
    """No class is registered for the type: a new major version, or not ours."""


class UndecodableMessage(ValueError):
    """The body is not a CloudEvent, or its data does not fit the class. Its text holds no input values."""


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a message comes from: what it belongs to, what caused it, and the W3C trace parent."""

    correlation_id: str = ""
    causation_id: str = ""
    traceparent: str = ""


class Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The attributes of a CloudEvent; `sequence` is the subject's version at its owner."""

    specversion: str
    id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: str
    dataschema: str
    sequence: int
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
_data_decoders: dict[str, msgspec.json.Decoder[Any]] = {}


def schema_uri(event_type: str) -> str:
    return f"urn:leadwire:schema:{event_type}"


def encode(event: Event, *, source: str, sequence: int, trace: Trace) -> OutgoingMessage:
    """Encodes an event under a new time-ordered id."""
    message_id = new_uuid()
    envelope = Envelope(
        specversion="1.0",
        id=message_id,
        source=source,
        type=event.type,
        subject=event.subject,
        time=datetime.now(UTC),
        datacontenttype="application/json",
        dataschema=schema_uri(event.type),
        sequence=sequence,
        data=msgspec.Raw(_encoder.encode(event)),
        correlationid=trace.correlation_id or str(message_id),
        causationid=trace.causation_id,
        traceparent=trace.traceparent,
    )
    return OutgoingMessage(message_id, event.type, event.subject, _encoder.encode(envelope))


def decode_envelope(body: bytes) -> Envelope:
    """Raises UndecodableMessage."""
    try:
        return _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise UndecodableMessage("not a CloudEvent in structured JSON") from None


def decode_event(envelope: Envelope) -> Event:
    """The event inside; raises UnknownEventType or UndecodableMessage."""
    decoder = _data_decoders.get(envelope.type)
    if decoder is None:
        event_class = EVENT_TYPES.get(envelope.type)
        if event_class is None:
            raise UnknownEventType(envelope.type)
        decoder = _data_decoders[envelope.type] = msgspec.json.Decoder(event_class)
    try:
        return decoder.decode(envelope.data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise UndecodableMessage(f"data does not fit {envelope.type}") from None
