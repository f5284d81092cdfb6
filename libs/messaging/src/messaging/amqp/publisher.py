"""How rows of an outbox get onto the broker."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from pamqp import commands

from messaging.amqp import names
from messaging.amqp.wire import frames
from messaging.amqp.wire.connection import Connection
from messaging.amqp.wire.errors import ChannelClosed
from messaging.amqp.wire.publishing import PublishingChannel
from messaging.transport import OutboxRow, Outcome, PublishListener

logger = logging.getLogger(__name__)

STALL_TIMEOUT = timedelta(seconds=30)
# What RabbitMQ 4 accepts by default; it would close the channel, and with it all that is under way.
MOST_BYTES = 16 << 20


@asynccontextmanager
async def open_publisher(url: str, service: str, listener: PublishListener) -> AsyncGenerator["AmqpPublisher"]:
    """On a connection of its own: an alarm of the broker blocks those that publish, and consumers must go on."""
    connection = await Connection.connect(url, f"{service} relay")
    publisher = AmqpPublisher(connection, listener)
    try:
        await publisher.open()
        yield publisher
    finally:
        await publisher.close()


def _id_of(row: OutboxRow) -> str:
    return str(row.id)


class AmqpPublisher:
    """Encodes a whole batch and writes it at once; the parts that are the same for a type are encoded once.

    A broker that refuses one message closes the channel, and says why, but not which message it was; what was sent
    after it is gone. Then the rows its words fit are told apart from the others (`_tell_apart`).
    """

    stall_timeout = STALL_TIMEOUT

    def __init__(self, connection: Connection, listener: PublishListener) -> None:
        self._connection = connection
        self._listener = listener
        self._channel = self._new_channel()
        self._types: dict[str, tuple[bytes, bytes]] = {}
        self._telling_apart: asyncio.Task[None] | None = None
        self._taken = 0
        self._heard = asyncio.Event()

    def _new_channel(self) -> PublishingChannel[OutboxRow]:
        return PublishingChannel[OutboxRow](self._connection, self._settled, _id_of, self._lost)

    async def open(self) -> None:
        await self._channel.open()
        await self._channel.call(commands.Exchange.Declare(exchange=names.EVENTS, passive=True))

    async def _reopen(self) -> None:
        self._channel = self._new_channel()
        self._types.clear()  # they hold the channel's number
        await self.open()

    async def close(self) -> None:
        if self._telling_apart is not None:
            self._telling_apart.cancel()
        await self._connection.close()

    async def send(self, rows: Sequence[OutboxRow]) -> None:
        if self._telling_apart is not None:
            await asyncio.wait([self._telling_apart])
        await self._send(rows)

    async def _send(self, rows: Sequence[OutboxRow]) -> None:
        number, frame_max = self._channel.number, self._connection.frame_max
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

    def _settled(self, rows: list[OutboxRow], outcome: Outcome) -> None:
        if outcome is Outcome.CONFIRMED:
            self._taken += len(rows)
        self._listener.settled(rows, outcome)
        self._heard.set()

    def _lost(self, error: Exception) -> None:
        self._heard.set()
        if self._telling_apart is not None:
            return
        if isinstance(error, ChannelClosed):
            self._telling_apart = asyncio.create_task(self._until_told_apart(error))
        else:
            self._listener.lost(error)

    async def _until_told_apart(self, error: ChannelClosed) -> None:
        try:
            await self._tell_apart(error)
        except Exception as reason:  # noqa: BLE001 -- whatever it was, the listener has to start afresh
            self._listener.lost(reason)
        else:
            self._telling_apart = None

    async def _tell_apart(self, error: ChannelClosed) -> None:
        """Sends the others again, and then each that is blamed alone.

        One that is refused alone, after the broker has taken another, is to blame. A broker that takes nothing (down,
        full, no right to the exchange) blames nobody: that is raised, and all stay in the outbox.
        """
        self._taken = 0
        blamed: list[OutboxRow] = []
        others = self._channel.unsettled
        refusal: ChannelClosed | None = error
        while refusal is not None:
            named = {row.position for row in others if _names(refusal, row)}
            if not named:
                raise refusal
            blamed += [row for row in others if row.position in named]
            others = [row for row in others if row.position not in named]
            await self._reopen()
            refusal = await self._refuses(others)
            others = self._channel.unsettled
        if not self._taken:
            raise error
        for row in blamed:
            refusal = await self._refuses([row])
            if refusal is not None:
                logger.error("the broker refuses an event that is to be published: %s", refusal)
                self._listener.settled([row], Outcome.FORBIDDEN)
                await self._reopen()

    async def _refuses(self, rows: Sequence[OutboxRow]) -> ChannelClosed | None:
        """Sends the rows and waits for all: what closed the channel meanwhile. Raises what lost the connection."""
        channel = self._channel
        await self._send(rows)
        while channel.unsettled and channel.error is None:
            self._heard.clear()
            await self._heard.wait()
        if channel.error is None or isinstance(channel.error, ChannelClosed):
            return channel.error
        raise channel.error


def _names(refusal: ChannelClosed, row: OutboxRow) -> bool:
    """Whether the broker's words are about such a row: its topic, or its size."""
    return f"topic '{row.type}'" in str(refusal) or f"message size {len(row.body)} " in str(refusal)
