"""Bytes of the frames on the hot paths."""

import struct
from collections.abc import Mapping
from typing import Any

from pamqp import commands, decode, frame, header

METHOD, HEADER, BODY, HEARTBEAT = 1, 2, 3, 8
END = 0xCE
END_BYTE = b"\xce"
HEARTBEAT_FRAME = b"\x08\x00\x00\x00\x00\x00\x00\xce"
OVERHEAD = 8

ACK = b"\x00\x3c\x00\x50"
NACK = b"\x00\x3c\x00\x78"
RETURN = b"\x00\x3c\x00\x32"
DELIVER = b"\x00\x3c\x00\x3c"
CANCEL = b"\x00\x3c\x00\x1e"
CLOSE = b"\x00\x14\x00\x28"

_HAS_CONTENT_TYPE, _HAS_ENCODING, _HAS_HEADERS = 0x8000, 0x4000, 0x2000
_METHOD_START = struct.Struct(">BHI4sH")
_HEADER_FRAME = struct.Struct(">BHIHHQH")
_BODY_START = struct.Struct(">BHI")
_ACK_FRAME = struct.Struct(">BHI4sQBB")
_tag = struct.Struct(">Q").unpack_from
_long = struct.Struct(">I").unpack_from
_short = struct.Struct(">H").unpack_from

PERSISTENT_JSON = b"\x1capplication/cloudevents+json\x02"
_MANDATORY = b"\x01"
# content type, delivery mode, message id and type are set
_EVENT_FLAGS = 0x90A0


def short_string(text: str) -> bytes:
    """Raises ValueError when it is longer than the protocol allows."""
    data = text.encode()
    if len(data) > 255:
        raise ValueError("longer than a name may be in AMQP")
    return bytes((len(data),)) + data


def publish_prefix(channel: int, exchange: str, routing_key: str) -> bytes:
    """The method frame of a mandatory publish; the same for every message of a type."""
    names = short_string(exchange) + short_string(routing_key) + _MANDATORY
    return _METHOD_START.pack(METHOD, channel, len(names) + 6, b"\x00\x3c\x00\x28", 0) + names + END_BYTE


def event_header(channel: int, message_id: bytes, type_name: bytes, size: int) -> bytes:
    """The header frame of a persistent CloudEvent. `message_id` and `type_name` are short strings."""
    properties = PERSISTENT_JSON + message_id + type_name
    return _HEADER_FRAME.pack(HEADER, channel, len(properties) + 14, 60, 0, size, _EVENT_FLAGS) + properties + END_BYTE


def body_frames(channel: int, body: bytes, frame_max: int) -> bytes:
    most = frame_max - OVERHEAD
    if len(body) <= most:
        return _BODY_START.pack(BODY, channel, len(body)) + body + END_BYTE if body else b""
    parts = [body[at : at + most] for at in range(0, len(body), most)]
    return b"".join(_BODY_START.pack(BODY, channel, len(part)) + part + END_BYTE for part in parts)


def content_header(channel: int, size: int, properties: commands.Basic.Properties) -> bytes:
    """The header frame of any message; for those that carry headers of ours."""
    return frame.marshal(header.ContentHeader(0, size, properties), channel)


def ack(channel: int, tag: int) -> bytes:
    """Acknowledges everything up to the tag."""
    return _ACK_FRAME.pack(METHOD, channel, 13, ACK, tag, 1, END)


def read_ack(data: bytes) -> tuple[int, bool]:
    """Tag and "multiple" of an ack or nack frame."""
    return _tag(data, 11)[0], bool(data[19] & 1)


def read_deliver(data: bytes) -> tuple[int, bool]:
    """Tag and "redelivered" of a deliver frame."""
    after_consumer_tag = 12 + data[11]
    return _tag(data, after_consumer_tag)[0], bool(data[after_consumer_tag + 8])


def read_size(data: bytes) -> int:
    """Body size in a header frame."""
    return _tag(data, 11)[0]


def read_headers(data: bytes) -> Mapping[str, Any]:
    """The headers of a message; nearly none has any, so the other properties are not decoded."""
    flags = _short(data, 19)[0]
    if not flags & _HAS_HEADERS:
        return {}
    at = 21
    for flag in (_HAS_CONTENT_TYPE, _HAS_ENCODING):
        if flags & flag:
            at += 1 + data[at]
    return decode.field_table(data[at:])[1]


def read_properties(data: bytes) -> commands.Basic.Properties:
    """All properties in a header frame."""
    content = frame.unmarshal(data)[2]
    if not isinstance(content, header.ContentHeader):
        raise TypeError("not a header frame")
    return content.properties


def frame_size(data: bytes | bytearray, at: int) -> int:
    """Size of the whole frame that starts there."""
    return _long(data, at + 3)[0] + OVERHEAD


def channel_of(data: bytes | bytearray, at: int) -> int:
    return _short(data, at + 1)[0]
