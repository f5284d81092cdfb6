"""The limit of P6: batches of frames encoded beforehand, one write for each, and nothing but counting confirms."""

import asyncio
import struct
import uuid
from typing import Any, Self
from urllib.parse import urlsplit

from pamqp import commands, frame, header

PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"
FRAME_MAX = 131_072
CHANNEL = 1
ACK = b"\x00\x3c\x00\x50"
END = b"\xce"


class BareWriter:
    """One connection with one confirming channel."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._buffer = b""
        self._confirmed = 0
        self._out_of_order: set[int] = set()

    @classmethod
    async def connect(cls, url: str) -> Self:
        parts = urlsplit(url)
        self = cls(*await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 20))
        self._writer.write(PROTOCOL_HEADER)
        await self._read()
        self._send(commands.Connection.StartOk({}, "PLAIN", f"\0{parts.username}\0{parts.password}", "en_US"), 0)
        await self._read()
        self._send(commands.Connection.TuneOk(2047, FRAME_MAX, 0), 0)
        self._send(commands.Connection.Open("/"), 0)
        await self._read()
        self._send(commands.Channel.Open(), CHANNEL)
        await self._read()
        self._send(commands.Confirm.Select(), CHANNEL)
        await self._read()
        return self

    async def publish(self, batches: list[bytes], size: int, count: int, in_flight: int) -> None:
        """Returns when all `count` messages, `size` in a batch, are confirmed."""
        sent = 0
        for batch in batches:
            self._writer.write(batch)
            await self._writer.drain()
            sent = min(count, sent + size)
            await self._until(sent - in_flight + size if sent < count else count)

    def close(self) -> None:
        self._writer.close()

    def _send(self, method: Any, channel: int) -> None:
        self._writer.write(frame.marshal(method, channel))

    async def _read(self) -> None:
        """Takes one frame, whatever it says."""
        while (size := self._frame_size(0)) is None:
            await self._more()
        self._buffer = self._buffer[size:]

    async def _more(self) -> None:
        data = await self._reader.read(1 << 18)
        if not data:
            raise ConnectionError("the broker has closed the connection")
        self._buffer += data

    def _frame_size(self, at: int) -> int | None:
        if len(self._buffer) - at < 7:
            return None
        size = struct.unpack_from(">I", self._buffer, at + 3)[0] + 8
        return size if len(self._buffer) - at >= size else None

    async def _until(self, confirmed: int) -> None:
        while self._confirmed < confirmed:
            await self._more()
            at = 0
            while (size := self._frame_size(at)) is not None:
                if self._buffer[at + 7 : at + 11] != ACK:
                    raise ConnectionError("the broker has not confirmed a message")
                self._count(int.from_bytes(self._buffer[at + 11 : at + 19]), multiple=self._buffer[at + 19] & 1)
                at += size
            self._buffer = self._buffer[at:]

    def _count(self, tag: int, *, multiple: int) -> None:
        if multiple:
            self._confirmed = max(self._confirmed, tag)
            self._out_of_order = {other for other in self._out_of_order if other > tag}
        else:
            self._out_of_order.add(tag)
        while self._confirmed + 1 in self._out_of_order:
            self._confirmed += 1
            self._out_of_order.discard(self._confirmed)


def encode(exchange: str, routing_key: str, message_id: uuid.UUID, body: bytes) -> bytes:
    """All frames of a persistent message; its body must fit into one."""
    properties = commands.Basic.Properties(
        content_type="application/json", message_id=str(message_id), delivery_mode=2, message_type=routing_key
    )
    publish = frame.marshal(commands.Basic.Publish(0, exchange, routing_key, mandatory=True), CHANNEL)
    head = frame.marshal(header.ContentHeader(0, len(body), properties), CHANNEL)
    return publish + head + struct.pack(">BHI", 3, CHANNEL, len(body)) + body + END
