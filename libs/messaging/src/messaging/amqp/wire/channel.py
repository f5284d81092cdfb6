"""A channel: calls that are answered, and hooks for what comes by itself."""

import asyncio
from collections import deque
from typing import Any

from pamqp import base, commands, frame

from messaging.amqp.wire import frames
from messaging.amqp.wire.connection import Connection
from messaging.amqp.wire.errors import ChannelClosed

CALL_SECONDS = 20.0


class Channel:
    """Answers come in the order of the calls. Once lost it stays lost."""

    def __init__(self, connection: Connection) -> None:
        self.error: Exception | None = None
        self.connection = connection
        self.number = connection.attach(self)
        self._waiting: deque[asyncio.Future[base.Frame]] = deque()

    async def open(self) -> None:
        await self.call(commands.Channel.Open())

    async def call(self, method: base.Frame) -> Any:
        """Raises ChannelClosed when the broker refuses, ConnectionLost, or TimeoutError; all mean: start afresh."""
        self.check()
        answer: asyncio.Future[base.Frame] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        self.connection.send(self.number, method)
        async with asyncio.timeout(CALL_SECONDS):
            return await answer

    def check(self) -> None:
        if self.error is not None:
            raise self.error

    def received(self, kind: int, data: bytes) -> None:
        if kind == frames.METHOD and data[7:11] == frames.CLOSE:
            closed: Any = frame.unmarshal(data)[2]
            self.connection.send(self.number, commands.Channel.CloseOk())
            self.connection.detach(self.number)
            self.lost(ChannelClosed(closed.reply_code, closed.reply_text))
        elif not self.received_content(kind, data) and kind == frames.METHOD:
            answer = self._waiting.popleft() if self._waiting else None
            method = frame.unmarshal(data)[2]
            if answer is not None and not answer.done() and isinstance(method, base.Frame):
                answer.set_result(method)

    def received_content(self, kind: int, data: bytes) -> bool:
        """Overridden by channels that publish or consume: True when the frame was theirs."""
        del kind, data
        return False

    def lost(self, error: Exception) -> None:
        if self.error is not None:
            return
        self.error = error
        for answer in self._waiting:
            if not answer.done():
                answer.set_exception(error)
                answer.exception()  # a caller whose time was up is not there to read it
        self._waiting.clear()
