"""Low-water marks: where the last look found the head of each pair.

A claimed lead leaves a dead entry at the head of the index until vacuum comes, and vacuum cannot come while an old
snapshot is open in the database (a report, a dump). Each claim would walk all of them again: 260 claims a second were
left of 10,000. While a look from the start is cheap, every claim takes it and the marks are not used.
"""

import time
from collections.abc import Sequence
from typing import Final

from assignment_svc.queue.claims import store
from assignment_svc.queue.claims.store import Runs
from assignment_svc.queue.reference import Key

LOOK_EVERY_SECONDS: Final = 0.25
# Index entries: what a look from the start may walk before the marks are used.
CHEAP_WALK: Final = 300
# A look may take a twentieth of the time, not more.
_SHARE: Final = 20

Mark = tuple[int, int]
START: Final[Mark] = (-1, -(2**63))


class Marks:
    def __init__(self) -> None:
        self._marks: dict[Key, Mark] = {}
        self._look_again_at = 0.0
        self._cheap = True

    def of(self, key: Key) -> Mark:
        return START if self._cheap else self._marks.get(key, START)

    async def look(self, runs: Runs, keys: Sequence[Key]) -> None:
        """Finds the true heads from the start of the index, when it is time to."""
        started = time.monotonic()
        if started < self._look_again_at:
            return
        self._look_again_at = started + LOOK_EVERY_SECONDS
        heads, walked = await store.read_heads(runs, keys)
        took = time.monotonic() - started
        self._marks = {**self._marks, **heads}
        self._cheap = walked <= CHEAP_WALK
        self._look_again_at = started + max(LOOK_EVERY_SECONDS, _SHARE * took)

    def found(self, heads: dict[Key, Mark]) -> None:
        """Remembers where a claim found its first lead of each pair."""
        self._marks.update(heads)
