"""A connection to the broker: handshake, heartbeats, and frames to and from its channels."""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, cast
from urllib.parse import parse_qs, unquote, urlsplit

from pamqp import base, commands, frame, header

from messaging.amqp.wire import frames
from messaging.amqp.wire.errors import ConnectionLost

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 10
OPEN_SECONDS = 20.0
FRAME_MAX = 131_072
WRITE_BUFFER = 1 << 20
MOST_CHANNELS = 1000
_CAPABILITIES = {
    "publisher_confirms": True,
    "basic.nack": True,
    "consumer_cancel_notify": True,
    "connection.blocked": True,
    "authentication_failure_close": True,
}


class Receiver(Protocol):
    """A channel, as its connection sees it."""

    def received(self, kind: int, data: bytes) -> None: ...

    def lost(self, error: Exception) -> None: ...


class Connection(asyncio.Protocol):
    """Open it with `connect`. Once lost it stays lost; whoever needs it makes a new one."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.blocked = False
        self.frame_max = FRAME_MAX
        self._transport: asyncio.Transport | None = None
        self._channels: dict[int, Receiver] = {}
        self._last = 0
        self._buffer = b""
        self._replies: asyncio.Queue[base.Frame | Exception] = asyncio.Queue()
        self._writable = asyncio.Event()
        self._writable.set()
        self._closed = asyncio.Event()
        self._heard = self._spoke = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    async def connect(cls, url: str, name: str) -> "Connection":
        """`name` is shown by the broker's tools. With amqps the broker must show a certificate for its name, of one of
        the system's authorities or of those in the file that `?cafile=` names. Raises ConnectionLost.
        """
        parts = urlsplit(url)
        secure = parts.scheme == "amqps"
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                _, connection = await loop.create_connection(
                    cls,
                    parts.hostname or "127.0.0.1",
                    parts.port or (5671 if secure else 5672),
                    ssl=_context_of(parts.query) if secure else None,
                )
                try:
                    await connection._open(  # noqa: SLF001 -- its own class
                        unquote(parts.username or ""),
                        unquote(parts.password or ""),
                        unquote(parts.path[1:]) or "/",
                        name,
                    )
                except BaseException:
                    connection.abort()
                    raise
        except ConnectionLost:
            raise
        except OSError as error:
            raise ConnectionLost(f"no connection to the broker: {type(error).__name__}") from error
        return connection

    async def _open(self, user: str, password: str, vhost: str, name: str) -> None:
        self.write(header.ProtocolHeader().marshal())
        await self._reply(commands.Connection.Start)
        properties: Any = {"product": "leadwire", "connection_name": name, "capabilities": _CAPABILITIES}
        self.send(0, commands.Connection.StartOk(properties, "PLAIN", f"\0{user}\0{password}", "en_US"))
        tune = await self._reply(commands.Connection.Tune)
        self.frame_max = min(tune.frame_max or FRAME_MAX, FRAME_MAX)
        self.send(0, commands.Connection.TuneOk(tune.channel_max, self.frame_max, HEARTBEAT_SECONDS))
        self.send(0, commands.Connection.Open(vhost))
        await self._reply(commands.Connection.OpenOk)
        self._beat()

    async def _reply(self, expected: type[Any]) -> Any:
        reply = await self._replies.get()
        if isinstance(reply, expected):
            return reply
        raise reply if isinstance(reply, Exception) else ConnectionLost(f"the broker answered with {reply.name}")

    def attach(self, receiver: Receiver) -> int:
        """A channel number, whose frames go to the receiver.

        Numbers go round, because one that was just given up may not be free yet at the broker.
        """
        self._last = self._last % MOST_CHANNELS + 1
        while self._last in self._channels:
            self._last = self._last % MOST_CHANNELS + 1
        self._channels[self._last] = receiver
        return self._last

    def detach(self, number: int) -> None:
        self._channels.pop(number, None)

    def send(self, channel: int, method: base.Frame) -> None:
        self.write(frame.marshal(method, channel))

    def write(self, data: bytes) -> None:
        """Raises what lost the connection."""
        if self.error is not None or self._transport is None:
            raise self.error or ConnectionLost("not connected")
        self._spoke = asyncio.get_running_loop().time()
        self._transport.write(data)

    async def writable(self) -> None:
        """Returns when the peer takes more; raises what lost the connection."""
        await self._writable.wait()
        if self.error is not None:
            raise self.error

    async def close(self) -> None:
        """Says good-bye and waits a moment for the answer; never raises."""
        if self.error is None:
            self.send(0, commands.Connection.Close(200, "done", 0, 0))
            await _within(2.0, self._closed.wait)
        self.abort()

    def abort(self) -> None:
        self._lose(ConnectionLost("closed by us"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one without being derived from it
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER)
        self._heard = asyncio.get_running_loop().time()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lose(ConnectionLost(f"the connection broke: {type(exc).__name__ if exc else 'closed by the broker'}"))

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        self._heard = asyncio.get_running_loop().time()
        data = self._buffer + data if self._buffer else data
        at, end = 0, len(data)
        try:
            while end - at >= frames.OVERHEAD:
                size = frames.frame_size(data, at)
                if end - at < size:
                    break
                self._dispatch(data[at], frames.channel_of(data, at), data[at : at + size])
                at += size
        except Exception as error:
            logger.exception("a frame of the broker could not be handled")
            self._lose(ConnectionLost(f"unreadable frame: {type(error).__name__}"))
        self._buffer = data[at:]

    def _dispatch(self, kind: int, channel: int, data: bytes) -> None:
        if data[-1] != frames.END:
            raise ValueError("a frame without an end")
        if channel:
            receiver = self._channels.get(channel)
            if receiver is not None:
                receiver.received(kind, data)
        elif kind == frames.METHOD:
            method = frame.unmarshal(data)[2]
            match method:
                case commands.Connection.Close():
                    self.send(0, commands.Connection.CloseOk())
                    self._lose(ConnectionLost(f"closed by the broker: {method.reply_code} {method.reply_text}"))
                case commands.Connection.CloseOk():
                    self._closed.set()
                case commands.Connection.Blocked() | commands.Connection.Unblocked():
                    self.blocked = isinstance(method, commands.Connection.Blocked)
                    logger.warning("the broker %s publishing", "blocks" if self.blocked else "resumes")
                case base.Frame():
                    self._replies.put_nowait(method)
                case _:
                    pass

    def _beat(self) -> None:
        """Speaks when nothing else was said, and gives up on a peer that was silent for too long."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if now - self._heard > 2.5 * HEARTBEAT_SECONDS:
            self._lose(ConnectionLost("the broker fell silent"))
            return
        if now - self._spoke >= HEARTBEAT_SECONDS / 2:
            self.write(frames.HEARTBEAT_FRAME)
        self._timer = loop.call_later(HEARTBEAT_SECONDS / 4, self._beat)

    def _lose(self, error: Exception) -> None:
        if self.error is not None:
            return
        self.error = error
        if self._timer is not None:
            self._timer.cancel()
        self._replies.put_nowait(error)
        self._writable.set()
        self._closed.set()
        if self._transport is not None:
            self._transport.abort()
        for receiver in list(self._channels.values()):
            receiver.lost(error)
        self._channels.clear()


async def _within(seconds: float, action: Callable[[], Awaitable[Any]]) -> None:
    try:
        async with asyncio.timeout(seconds):
            await action()
    except TimeoutError:
        logger.debug("the broker did not say good-bye")


def _context_of(query: str) -> ssl.SSLContext:
    (cafile,) = parse_qs(query).get("cafile", [None])
    return ssl.create_default_context(cafile=cafile)
