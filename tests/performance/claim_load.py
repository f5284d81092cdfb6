"""Agents that claim over HTTP, each on a keep-alive connection of its own, as fast as they are answered.

Speaks just enough HTTP/1.1 over raw transports to cost a tenth of what it measures. Run as a process of its own:
`python claim_load.py '{"port": 8000, "tokens": […], "seconds": 5}'` prints the figures as JSON.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import uvloop


@dataclass(frozen=True, kw_only=True)
class ClaimLoad:
    """`tokens`: a signed identity per agent. Ends after `seconds`, or when the queue is empty, or after `claims`."""

    port: int
    tokens: Sequence[str]
    seconds: float = 5.0
    claims: int = 2**31


@dataclass(frozen=True, kw_only=True)
class ClaimFigures:
    """Leads that were claimed, and how long an agent waited for one; `empty` answers were 204."""

    claimed: int
    per_second: float
    p50_ms: float
    p99_ms: float
    empty: int


class _Agent(asyncio.Protocol):
    def __init__(self, load: ClaimLoad, token: str, meter: "_Meter") -> None:
        head = f"POST /v1/queue/claim HTTP/1.1\r\nHost: bench\r\nX-Leadwire-Identity: {token}\r\n"
        self._request = f"{head}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}".encode()
        self._load, self._meter = load, meter
        self._received = b""
        self._sent_at = 0.0
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found or len(rest) < _length(head):
            return
        self._received = b""
        if self._meter.count(head[9:12], time.perf_counter() - self._sent_at):
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._meter.left(exc)

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(self._request)


class _Meter:
    def __init__(self, load: ClaimLoad) -> None:
        self.times: list[float] = []
        self.empty = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._load = load
        self._agents = len(load.tokens)
        self._until = time.perf_counter() + load.seconds

    def count(self, status: bytes, took: float) -> bool:
        """True when the agent shall ask again."""
        if status == b"200":
            self.times.append(took)
        elif status == b"204":
            self.empty += 1
            return False
        else:
            raise RuntimeError(f"a claim was answered {status.decode()}")
        return time.perf_counter() < self._until and len(self.times) + self._agents <= self._load.claims

    def left(self, error: Exception | None) -> None:
        self._agents -= 1
        if self.done.done():
            return
        if error is not None:
            self.done.set_exception(error)
        elif self._agents == 0:
            self.done.set_result(None)


def _length(head: bytes) -> int:
    lowered = head.lower()
    name = b"content-length: "
    if name not in lowered:
        return 0
    start = lowered.index(name) + len(name)
    end = head.find(b"\r\n", start)
    return int(head[start:] if end < 0 else head[start:end])


async def generate(load: ClaimLoad) -> ClaimFigures:
    """Raises OSError when the server cannot be reached, RuntimeError for an answer that is neither 200 nor 204."""
    meter = _Meter(load)
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    for token in load.tokens:
        await loop.create_connection(lambda token=token: _Agent(load, token, meter), "127.0.0.1", load.port)
    async with asyncio.timeout(load.seconds + 60):
        await meter.done
    took = time.perf_counter() - started
    times = sorted(meter.times) or [0.0]
    return ClaimFigures(
        claimed=len(meter.times),
        per_second=len(meter.times) / took,
        p50_ms=times[len(times) // 2] * 1000,
        p99_ms=times[len(times) * 99 // 100] * 1000,
        empty=meter.empty,
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(uvloop.run(generate(ClaimLoad(**json.loads(sys.argv[1])))))))
