"""A channel that consumes one queue: what has arrived is taken in batches and acknowledged together."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

import msgspec
from pamqp import commands

from messaging.amqp.wire import frames
from messaging.amqp.wire.channel import Channel
from messaging.amqp.wire.connection import Connection
from messaging.amqp.wire.errors import ChannelClosed, ConsumerCancelled


class Arrived(msgspec.Struct):
    """A message as the broker delivered it. `header` is the undecoded header frame."""

    tag: int
    redelivered: bool
    header: bytes = b""
    body: bytes = b""

    @property
    def headers(self) -> Mapping[str, Any]:
        return frames.read_headers(self.header)

    @property
    def message_id(self) -> str:
        return frames.read_properties(self.header).message_id or ""


class ConsumingChannel(Channel):
    """At most `prefetch` messages are with us and not acknowledged."""

    def __init__(self, connection: Connection, queue: str, prefetch: int) -> None:
        super().__init__(connection)
        self._queue = queue
        self._prefetch = prefetch
        self._arrived: list[Arrived] = []
        self._wanted = 1
        self._enough = asyncio.Event()
        self._coming: Arrived | None = None
        self._missing = 0
        self._parts: list[bytes] = []
        self._tag = ""
        self._stopped = False

    async def open(self) -> None:
        """Attaches to the queue, which must exist."""
        await super().open()
        await self.call(commands.Basic.Qos(prefetch_count=self._prefetch))
        await self.call(commands.Queue.Declare(queue=self._queue, passive=True))
        started = await self.call(commands.Basic.Consume(queue=self._queue))
        self._tag = started.consumer_tag

    async def take(self, most: int, gather_until: float = 0.0) -> list[Arrived]:
        """What has arrived, up to `most`; nothing once it is stopped. Raises what lost the channel.

        Until `gather_until`, by the loop's clock, it waits for `most`.
        """
        gather_seconds = gather_until - asyncio.get_running_loop().time()
        if gather_seconds > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(gather_seconds):
                    await self._wait_for(most)
        await self._wait_for(1)
        if self._stopped:
            return []
        taken = self._arrived[:most]
        del self._arrived[:most]
        return taken

    async def _wait_for(self, wanted: int) -> None:
        self._wanted = wanted
        while len(self._arrived) < wanted and not self._stopped:
            self.check()
            self._enough.clear()
            await self._enough.wait()

    def ack_up_to(self, tag: int) -> None:
        """Acknowledges everything taken so far; the order of taking is the order of the tags."""
        self.check()
        self.connection.write(frames.ack(self.number, tag))

    def stop(self) -> None:
        """Nothing more is taken."""
        self._stopped = True
        self._enough.set()

    async def close(self) -> None:
        """Gives back what arrived and was not acknowledged. Never raises."""
        try:
            await self.call(commands.Basic.Cancel(self._tag))
            await self.call(commands.Channel.Close(200, "done", 0, 0))
        except (ConnectionError, TimeoutError) as error:
            self._leave(error)
        finally:
            self.connection.detach(self.number)

    def _leave(self, error: Exception) -> None:
        """After the broker cancelled the consumer its channel is still open, and would keep what we have."""
        if self.connection.error is None and not isinstance(error, ChannelClosed):
            self.connection.send(self.number, commands.Channel.Close(200, "done", 0, 0))

    def received_content(self, kind: int, data: bytes) -> bool:
        if kind == frames.METHOD:
            method = data[7:11]
            if method == frames.DELIVER:
                self._coming = Arrived(*frames.read_deliver(data))
            elif method == frames.CANCEL:
                self.lost(ConsumerCancelled(f"the broker cancelled the consumer of {self._queue}"))
            else:
                return False
        elif self._coming is not None:
            if kind == frames.HEADER:
                self._coming.header = data
                self._missing = frames.read_size(data)
            else:
                part = data[7:-1]
                self._missing -= len(part)
                self._parts.append(part)
            if not self._missing:
                self._complete(self._coming)
        return True

    def _complete(self, message: Arrived) -> None:
        message.body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        self._coming = None
        self._arrived.append(message)
        if len(self._arrived) >= self._wanted:
            self._enough.set()

    def lost(self, error: Exception) -> None:
        super().lost(error)
        self._arrived.clear()
        self._enough.set()
