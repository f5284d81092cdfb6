"""Room for attempts, of which slow ones do not take away from others (N5.5)."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

LONGEST_SLOW = 5.0
SLOW_FACTOR = 4
# A new measurement counts for a twentieth, and at most twice of what is slow: a slow lane is not what is usual.
WEIGHT = 0.05
MOST_KNOWN = 10_000


@dataclass(slots=True)
class _Turns:
    """Of one lane; `asking` have a turn or wait for one."""

    free: asyncio.Semaphore
    asking: int = 0


class Lanes:
    """`places` attempts at once, and as many again that have stepped aside because they last too long. A lane is whom
    an attempt depends on: a domain of mails, an endpoint of webhooks; `per_lane` of its attempts are under way at once.

    A lane that nobody knows has one attempt, until that has shown that it is quick. One with an attempt that lasted too
    long is slow: what it begins steps aside at once, until one of its attempts is quick again.
    """

    def __init__(self, places: int, shortest_slow: float = 0.5, per_lane: int | None = None) -> None:
        """No attempt is slow that lasts less than `shortest_slow` seconds, none quick that lasts LONGEST_SLOW."""
        self._shortest_slow = shortest_slow
        self._free = asyncio.Semaphore(places)
        self._per_lane = per_lane or places
        self._turns: dict[str, _Turns] = {}
        self._places = places
        self._aside = 0
        self._usual_seconds = 0.0
        self._slow: set[str] = set()
        self._quick: dict[str, None] = {}
        self._tried: dict[str, asyncio.Event] = {}

    @property
    def aside(self) -> int:
        return self._aside

    @property
    def slow(self) -> frozenset[str]:
        return frozenset(self._slow)

    @property
    def slow_seconds(self) -> float:
        return min(max(SLOW_FACTOR * self._usual_seconds, self._shortest_slow), LONGEST_SLOW)

    @asynccontextmanager
    async def place(self, lane: str) -> AsyncGenerator[None]:
        while lane in self._tried:
            await self._tried[lane].wait()
        if lane not in self._quick and lane not in self._slow:
            self._tried[lane] = asyncio.Event()
        try:
            async with self._turn(lane), self._placed(lane):
                yield
        finally:
            self._known(lane)

    @asynccontextmanager
    async def _turn(self, lane: str) -> AsyncGenerator[None]:
        turns = self._turns.setdefault(lane, _Turns(asyncio.Semaphore(self._per_lane)))
        turns.asking += 1
        try:
            async with turns.free:
                yield
        finally:
            turns.asking -= 1
            if not turns.asking:
                del self._turns[lane]

    @asynccontextmanager
    async def _placed(self, lane: str) -> AsyncGenerator[None]:
        aside = lane in self._slow and self._step_aside()
        if not aside:
            await self._free.acquire()
        began = time.monotonic()

        def lasts_too_long() -> None:
            nonlocal aside
            self._slow.add(lane)
            self._quick.pop(lane, None)
            self._known(lane)
            if not aside and self._step_aside():
                aside = True
                self._free.release()

        slow_seconds = self.slow_seconds
        timer = asyncio.get_running_loop().call_later(slow_seconds, lasts_too_long)
        try:
            yield
        finally:
            timer.cancel()
            if aside:
                self._aside -= 1
            else:
                self._free.release()
            self._measured(lane, time.monotonic() - began, slow_seconds)

    def _known(self, lane: str) -> None:
        tried = self._tried.pop(lane, None)
        if tried is not None:
            tried.set()

    def _step_aside(self) -> bool:
        if self._aside == self._places:
            return False
        self._aside += 1
        return True

    def _measured(self, lane: str, seconds: float, slow_seconds: float) -> None:
        self._usual_seconds += WEIGHT * (min(seconds, 2 * slow_seconds) - self._usual_seconds)
        if seconds < slow_seconds:
            self._slow.discard(lane)
            self._quick[lane] = None
            if len(self._quick) > MOST_KNOWN:
                del self._quick[next(iter(self._quick))]
