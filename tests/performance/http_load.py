"""A load generator for one endpoint: keep-alive connections that each send the next request when the last is answered.

It speaks just enough HTTP/1.1 over raw transports to cost a tenth of what it measures.
`python http_load.py '{"port": 8000, "path": "/v1/leads", …}'` prints the figures as JSON.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import uvloop


@dataclass(frozen=True, kw_only=True)
class Load:
    """`body` is text with `{n}`, which becomes a different number in every request, from `first` on."""

    port: int
    path: str
    body: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    connections: int = 32
    seconds: float = 5.0
    first: int = 0


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Milliseconds from sending a request to having its whole answer; `statuses` counts the answers."""

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    statuses: dict[str, int]


def run(load: Load) -> Figures:
    return uvloop.run(generate(load))


async def generate(load: Load) -> Figures:
    """Raises OSError when the server cannot be reached or closes a connection."""
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    meter = _Meter(load, started + load.seconds)
    clients = [_Client(meter, loop.create_future()) for _ in range(load.connections)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, "127.0.0.1", load.port)
    async with asyncio.timeout(load.seconds + 30):
        await asyncio.gather(*(client.done for client in clients))
    times = sorted(meter.times)
    return Figures(
        requests=len(times),
        per_second=len(times) / (time.perf_counter() - started),
        p50_ms=times[len(times) // 2] * 1000,
        p99_ms=times[len(times) * 99 // 100] * 1000,
        max_ms=times[-1] * 1000,
        statuses={str(status): number for status, number in meter.statuses.items()},
    )


class _Meter:
    def __init__(self, load: Load, until: float) -> None:
        self.until = until
        self.times: list[float] = []
        self.statuses: Counter[int] = Counter()
        self._n = load.first
        self._parts = load.body.split("{n}")
        lines = [f"POST {load.path} HTTP/1.1", "Host: 127.0.0.1", *(f"{k}: {v}" for k, v in load.headers.items())]
        self._head = "\r\n".join(lines) + "\r\nContent-Type: application/json\r\nContent-Length: "

    def next_request(self) -> bytes:
        self._n += 1
        body = f"{self._n:08d}".join(self._parts)
        return f"{self._head}{len(body.encode())}\r\n\r\n{body}".encode()


class _Client(asyncio.Protocol):
    def __init__(self, meter: _Meter, done: "asyncio.Future[None]") -> None:
        self.done = done
        self._meter = meter
        self._received = b""
        self._sent_at = 0.0
        self._write: Callable[[bytes], None]

    def connection_made(self, transport: Any) -> None:
        self._write, self._close = transport.write, transport.close
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found or len(rest) < _content_length(head):
            return
        now = time.perf_counter()
        self._meter.times.append(now - self._sent_at)
        self._meter.statuses[int(head[9:12])] += 1
        self._received = b""
        if now < self._meter.until:
            self._send()
        else:
            self._close()
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("the server closed the connection"))

    def _send(self) -> None:
        request = self._meter.next_request()
        self._sent_at = time.perf_counter()
        self._write(request)


def _content_length(head: bytes) -> int:
    name = b"content-length: "
    start = head.lower().index(name) + len(name)
    end = head.find(b"\r\n", start)
    return int(head[start:] if end < 0 else head[start:end])


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(run(Load(**json.loads(sys.argv[1]))))))
