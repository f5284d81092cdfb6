"""A load generator for one endpoint: keep-alive connections that each send the next request when the last is answered.

It speaks just enough HTTP/1.1 over raw transports to cost a tenth of what it measures.
As a program it reads a load from its standard input and prints the figures, both as JSON.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import uvloop


@dataclass(frozen=True, kw_only=True)
class Load:
    """`body` is text with `{n}`, which becomes a different number in every request, from `first` on.

    A connection ends after `seconds`, when `requests` are answered in all, or when it is told 204: nothing is left.
    With `callers`, there is one connection for each, with these headers of its own.
    """

    port: int
    path: str
    body: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    callers: Sequence[Mapping[str, str]] = ()
    connections: int = 32
    seconds: float = 5.0
    requests: int = 2**31
    first: int = 0
    digits: int = 8


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


async def run_apart(load: Load) -> Figures:
    """In a process of its own, so that it does not wait for the caller's work nor the caller for its."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, __file__, stdin=pipe, stdout=pipe)
    output, _ = await process.communicate(json.dumps(asdict(load)).encode())
    if process.returncode:
        raise RuntimeError(f"the load on {load.path} failed")
    return Figures(**json.loads(output))


async def generate(load: Load) -> Figures:
    """Raises OSError when the server cannot be reached or closes a connection."""
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    meter = _Meter(load, started + load.seconds)
    callers = load.callers or [{}] * load.connections
    clients = [_Client(meter, meter.head(caller), loop.create_future()) for caller in callers]
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
        self.times: list[float] = []
        self.statuses: Counter[int] = Counter()
        self._load = load
        self._until = until
        self._n = load.first
        self._sent = 0
        self._parts = load.body.split("{n}")

    def head(self, caller: Mapping[str, str]) -> str:
        lines = [f"POST {self._load.path} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {value}" for name, value in {**self._load.headers, **caller}.items()]
        return "\r\n".join(lines) + "\r\nContent-Type: application/json\r\nContent-Length: "

    def next_request(self, head: str) -> bytes:
        self._n += 1
        self._sent += 1
        body = f"{self._n:0{self._load.digits}d}".join(self._parts)
        return f"{head}{len(body.encode())}\r\n\r\n{body}".encode()

    def answered(self, status: int, now: float, took: float) -> bool:
        """True when there shall be one more request."""
        self.times.append(took)
        self.statuses[status] += 1
        return status != 204 and now < self._until and self._sent < self._load.requests


class _Client(asyncio.Protocol):
    def __init__(self, meter: _Meter, head: str, done: "asyncio.Future[None]") -> None:
        self.done = done
        self._meter = meter
        self._head = head
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
        self._received = b""
        if self._meter.answered(int(head[9:12]), now, now - self._sent_at):
            self._send()
        else:
            self._close()
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("the server closed the connection"))

    def _send(self) -> None:
        request = self._meter.next_request(self._head)
        self._sent_at = time.perf_counter()
        self._write(request)


def _content_length(head: bytes) -> int:
    name = b"content-length: "
    found = head.lower().find(name)
    if found < 0:
        return 0
    start = found + len(name)
    end = head.find(b"\r\n", start)
    return int(head[start:] if end < 0 else head[start:end])


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(run(Load(**json.load(sys.stdin))))))
