"""A conversation with somebody's HTTP server, over a connection of its own to an address that was checked.

One connection per attempt: a kept one would have been checked some other time. httpcore2 itself neither follows
redirections nor reads proxies from the environment, and asks our backend for every connection.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpcore2

from notify_svc.webhook_sending.addresses import Reach, refusal
from notify_svc.webhook_sending.resolving import Resolve

MAX_ANSWER_BYTES = 16 * 1024
_TROUBLE = (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException, ssl.SSLError, OSError)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """`total` from looking the name up to the last byte that we read."""

    connect: float = 10.0
    read: float = 25.0
    total: float = 30.0


@dataclass(frozen=True, slots=True)
class Post:
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is at most MAX_ANSWER_BYTES of it, and may be cut off anywhere."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class AddressRefused(Exception):
    """Nothing was sent; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotDelivered(Exception):
    """No answer. `how` is `timeout`, `unreachable`, `tls-failed`, or `reply-lost`: the receiver may have it."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


@dataclass
class _CheckedBackend(httpcore2.AsyncNetworkBackend):
    """Resolves, checks every address, and connects to one of those: between the check and the use is no name."""

    resolve: Resolve
    reach: Reach
    encrypted: bool
    connected: bool = False
    network: Any = field(default_factory=httpcore2.AnyIOBackend)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 -- httpcore2's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = await self.resolve(host, port)
        reason = refusal(addresses, self.reach, encrypted=self.encrypted)
        if reason is not None:
            raise AddressRefused(reason)
        share = timeout / len(addresses) if timeout else timeout
        for address in addresses[:-1]:
            with contextlib.suppress(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                return await self._connect(address, port, share, local_address, socket_options)
        return await self._connect(addresses[-1], port, share, local_address, socket_options)

    async def _connect(self, *where: Any) -> httpcore2.AsyncNetworkStream:
        stream = await self.network.connect_tcp(*where)
        self.connected = True
        return stream

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Receivers:
    """`tls` says which authorities are trusted."""

    def __init__(self, resolve: Resolve, reach: Reach, tls: ssl.SSLContext, timeouts: Timeouts) -> None:
        self._resolve = resolve
        self._reach: Reach = reach
        self._tls = tls
        self._timeouts = timeouts

    async def post(self, post: Post, *, read_success: bool = False) -> Answer:
        """Raises AddressRefused or NotDelivered. Of a success the body is read only if `read_success`."""
        url = httpcore2.URL(post.url)
        backend = _CheckedBackend(self._resolve, self._reach, encrypted=url.scheme == b"https")
        connection = httpcore2.AsyncHTTPConnection(url.origin, ssl_context=self._tls, network_backend=backend)
        try:
            async with asyncio.timeout(self._timeouts.total):
                return await self._talk(connection, _request(url, post, self._timeouts), read_success=read_success)
        except TimeoutError:
            raise NotDelivered("timeout") from None
        except _TROUBLE as error:
            raise NotDelivered(_how(error, connected=backend.connected)) from None
        finally:
            with contextlib.suppress(*_TROUBLE):
                await connection.aclose()

    async def _talk(
        self, connection: httpcore2.AsyncHTTPConnection, request: httpcore2.Request, *, read_success: bool
    ) -> Answer:
        response = await connection.handle_async_request(request)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        wanted = read_success or not 200 <= response.status < 300
        return Answer(response.status, headers, await _beginning(response) if wanted else b"")


async def _beginning(response: httpcore2.Response) -> bytes:
    """What comes within a moment: the status has decided already, and a body may drip for ever."""
    body = b""
    with contextlib.suppress(*_TROUBLE, TimeoutError):
        async with asyncio.timeout(2), contextlib.aclosing(response.aiter_stream()) as chunks:
            async for chunk in chunks:
                body += chunk
                if len(body) >= MAX_ANSWER_BYTES:
                    break
    return body[:MAX_ANSWER_BYTES]


def _request(url: httpcore2.URL, post: Post, timeouts: Timeouts) -> httpcore2.Request:
    own = {"Host": urlsplit(post.url).netloc, "Content-Length": str(len(post.body)), "Connection": "close"}
    waits = {"connect": timeouts.connect, "read": timeouts.read, "write": timeouts.read}
    return httpcore2.Request(
        "POST", url, headers={**own, **post.headers}, content=post.body, extensions={"timeout": waits}
    )


def _how(error: BaseException, *, connected: bool) -> str:
    if isinstance(error, httpcore2.ConnectTimeout | httpcore2.ReadTimeout | httpcore2.WriteTimeout):
        return "timeout"
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__ or error.__context__, ssl.SSLError):
        return "tls-failed"
    return "reply-lost" if connected and not isinstance(error, httpcore2.ConnectError) else "unreachable"
