"""How rows of an outbox get onto the broker."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from pamqp import commands

from messaging.amqp import names
from messaging.amqp.wire import frames
from messaging.amqp.wire.connection import Connection
from messaging.amqp.wire.publishing import PublishingChannel
from messaging.transport import OutboxRow, Outcome, PublishListener

STALL_TIMEOUT = timedelta(seconds=30)
# What RabbitMQ 4 accepts by default; it would close the channel, and with it all that is under way.
MOST_BYTES = 16 << 20


@asynccontextmanager
async def open_publisher(url: str, service: str, listener: PublishListener) -> AsyncGenerator["AmqpPublisher"]:
    """On a connection of its own: an alarm of the broker blocks those that publish, and consumers must go on."""
    connection = await Connection.connect(url, f"{service} relay")
    try:
        channel = PublishingChannel[OutboxRow](connection, listener.settled, _id_of, listener.lost)
        await channel.open()
        await channel.call(commands.Exchange.Declare(exchange=names.EVENTS, passive=True))
        yield AmqpPublisher(channel, listener)
    finally:
        await connection.close()


def _id_of(row: OutboxRow) -> str:
    return str(row.id)


class AmqpPublisher:
    """Encodes a whole batch and writes it at once; the parts that are the same for a type are encoded once."""

    stall_timeout = STALL_TIMEOUT

    def __init__(self, channel: PublishingChannel[OutboxRow], listener: PublishListener) -> None:
        self._channel = channel
        self._listener = listener
        self._types: dict[str, tuple[bytes, bytes]] = {}

    async def send(self, rows: Sequence[OutboxRow]) -> None:
        number, frame_max = self._channel.number, self._channel.connection.frame_max
        parts: list[bytes] = []
        sent: list[OutboxRow] = []
        for row in rows:
            known = self._types.get(row.type) or self._encode_type(row.type)
            if known is None or len(row.body) > MOST_BYTES:
                self._listener.settled([row], Outcome.IMPOSSIBLE)
                continue
            prefix, type_name = known
            message_id = b"$" + str(row.id).encode()  # a short string of 36 characters
            parts.append(prefix)
            parts.append(frames.event_header(number, message_id, type_name, len(row.body)))
            parts.append(frames.body_frames(number, row.body, frame_max))
            sent.append(row)
        if sent:
            await self._channel.send(sent, b"".join(parts))

    def _encode_type(self, event_type: str) -> tuple[bytes, bytes] | None:
        try:
            prefix = frames.publish_prefix(self._channel.number, names.EVENTS, event_type)
        except ValueError:
            return None
        known = self._types[event_type] = prefix, frames.short_string(event_type)
        return known
