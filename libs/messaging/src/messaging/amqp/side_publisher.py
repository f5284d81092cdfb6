"""Publishes what consumers put aside: retries, dead letters and replays. Rare, so one at a time is good enough."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pamqp import commands

from messaging.amqp.wire import frames
from messaging.amqp.wire.connection import Connection
from messaging.amqp.wire.errors import ConnectionLost
from messaging.amqp.wire.publishing import PublishingChannel
from messaging.transport import Outcome

TIMEOUT_SECONDS = 30.0


class NotTaken(ConnectionError):
    """The broker refused a message, or no queue takes it: it has to be tried again."""


@dataclass(frozen=True, slots=True)
class SideMessage:
    """Without an exchange, the routing key is the name of a queue."""

    exchange: str
    routing_key: str
    message_id: str
    body: bytes
    headers: dict[str, Any] = field(default_factory=dict[str, Any])


class _Sent:
    __slots__ = ("confirmed", "message")

    def __init__(self, message: SideMessage) -> None:
        self.message = message
        self.confirmed: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class SidePublisher:
    """Connects when it is first needed, and again after a failure. Apart from the connection that consumes."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._lock = asyncio.Lock()
        self._channel: PublishingChannel[_Sent] | None = None
        self._unsettled: set[_Sent] = set()

    async def publish(self, messages: Sequence[SideMessage]) -> None:
        """Returns when all are confirmed. Otherwise raises ConnectionError or TimeoutError: try all again."""
        async with self._lock:
            try:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    await self._publish(messages)
            except BaseException:
                self._unsettled.clear()
                self._drop()
                raise

    async def close(self) -> None:
        if self._channel is not None:
            channel, self._channel = self._channel, None
            await channel.connection.close()

    async def _publish(self, messages: Sequence[SideMessage]) -> None:
        channel = self._channel
        if channel is None or channel.error is not None:
            connection = await Connection.connect(self._url, self._name)
            channel = self._channel = PublishingChannel[_Sent](connection, self._settled, _id_of, self._lost)
            await channel.open()
        sent = [_Sent(message) for message in messages]
        self._unsettled.update(sent)
        await channel.send(sent, b"".join(_encode(channel, message) for message in messages))
        for one in sent:
            await one.confirmed

    def _settled(self, sent: list[_Sent], outcome: Outcome) -> None:
        for one in sent:
            self._unsettled.discard(one)
            if one.confirmed.done():
                continue
            if outcome is Outcome.CONFIRMED:
                one.confirmed.set_result(None)
            else:
                _fail(one, NotTaken(outcome.value))

    def _lost(self, error: Exception) -> None:
        for one in self._unsettled:
            _fail(one, ConnectionLost(str(error)))
        self._unsettled.clear()

    def _drop(self) -> None:
        if self._channel is not None:
            self._channel.connection.abort()
            self._channel = None


def _fail(sent: _Sent, error: Exception) -> None:
    if not sent.confirmed.done():
        sent.confirmed.set_exception(error)
        sent.confirmed.exception()  # the caller may wait for another one first


def _id_of(sent: _Sent) -> str:
    return sent.message.message_id


def _encode(channel: PublishingChannel[_Sent], message: SideMessage) -> bytes:
    properties = commands.Basic.Properties(
        content_type="application/cloudevents+json",
        delivery_mode=2,
        message_id=message.message_id,
        headers=message.headers,
    )
    number = channel.number
    return (
        frames.publish_prefix(number, message.exchange, message.routing_key)
        + frames.content_header(number, len(message.body), properties)
        + frames.body_frames(number, message.body, channel.connection.frame_max)
    )
