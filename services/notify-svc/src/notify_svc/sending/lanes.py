"""Room for conversations with the server, of which slow ones do not take away from others (N5.5)."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

SHORTEST_SLOW = 0.5
LONGEST_SLOW = 5.0
SLOW_FACTOR = 4
# A new measurement counts for a twentieth, and at most twice of what is slow: a slow domain is not what is usual.
WEIGHT = 0.05


class Lanes:
    """`places` conversations at once, and as many again that have stepped aside because they last too long.

    A domain with a conversation that did so is slow, and has one place, until one of its conversations is quick again.
    """

    def __init__(self, places: int) -> None:
        self._free = asyncio.Semaphore(places)
        self._places = places
        self._aside = 0
        self._usual_seconds = 0.0
        self._slow: set[str] = set()

    @property
    def aside(self) -> int:
        return self._aside

    @property
    def slow_seconds(self) -> float:
        return min(max(SLOW_FACTOR * self._usual_seconds, SHORTEST_SLOW), LONGEST_SLOW)

    def counted(self, running: Mapping[str, int], per_domain: int) -> dict[str, int]:
        """Conversations by domain, where a slow one counts as if all its places but one were taken."""
        slow = {domain: running.get(domain, 0) + per_domain - 1 for domain in self._slow}
        return {**running, **slow}

    @asynccontextmanager
    async def place(self, domain: str) -> AsyncGenerator[None]:
        await self._free.acquire()
        began = time.monotonic()
        stepped_aside = False

        def step_aside() -> None:
            nonlocal stepped_aside
            self._slow.add(domain)
            if self._aside < self._places:
                stepped_aside = True
                self._aside += 1
                self._free.release()

        slow_seconds = self.slow_seconds
        timer = asyncio.get_running_loop().call_later(slow_seconds, step_aside)
        try:
            yield
        finally:
            timer.cancel()
            if stepped_aside:
                self._aside -= 1
            else:
                self._free.release()
            self._measured(domain, time.monotonic() - began, slow_seconds)

    def _measured(self, domain: str, seconds: float, slow_seconds: float) -> None:
        self._usual_seconds += WEIGHT * (min(seconds, 2 * slow_seconds) - self._usual_seconds)
        if seconds < slow_seconds:
            self._slow.discard(domain)
