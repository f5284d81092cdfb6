"""What a relay has sent and not yet deleted, and where it looks next."""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta

from messaging.transport import OutboxRow, Outcome

BATCH = 500
BATCH_BYTES = 4 << 20
MOST_ROWS = 2000
MOST_BYTES = 16 << 20
RESCAN_SECONDS = 1.0


class Window:
    """Rows under way, bounded in number and bytes, with their outcomes as they come in. A PublishListener."""

    def __init__(self) -> None:
        self.outcomes: dict[Outcome, list[int]] = {}
        self.settled_some = asyncio.Event()
        self.changed = asyncio.Event()
        self.error: Exception | None = None
        self._under_way: dict[int, int] = {}
        self._unsettled = 0
        self._bytes = 0
        self._progress_at = time.monotonic()

    def __len__(self) -> int:
        return len(self._under_way)

    @property
    def limit(self) -> int:
        """How many rows the next read may bring; 0 when the window is full."""
        if len(self._under_way) > MOST_ROWS - BATCH or self._bytes >= MOST_BYTES:
            return 0
        return BATCH

    @property
    def batch_bytes(self) -> int:
        """How many bytes the next read may bring, on top of what is read again."""
        return self._bytes + BATCH_BYTES

    def admit(self, rows: Sequence[OutboxRow]) -> list[OutboxRow]:
        """The rows that are not yet under way; they are from now on."""
        fresh = [row for row in rows if row.position not in self._under_way]
        if not fresh:
            return fresh
        if not self._unsettled:
            self._progress_at = time.monotonic()
        sizes = [len(row.body) for row in fresh]
        self._under_way.update(zip((row.position for row in fresh), sizes, strict=True))
        self._unsettled += len(fresh)
        self._bytes += sum(sizes)
        return fresh

    def settled(self, rows: Sequence[OutboxRow], outcome: Outcome) -> None:
        self.outcomes.setdefault(outcome, []).extend([row.position for row in rows])
        self._unsettled -= len(rows)
        self._progress_at = time.monotonic()
        self.settled_some.set()

    def lost(self, error: Exception) -> None:
        self.error = error
        self.changed.set()

    def forget(self, positions: Sequence[int]) -> None:
        """The rows are deleted or parked: they will not be read again."""
        for position in positions:
            self._bytes -= self._under_way.pop(position)
        self.changed.set()

    def quiet_for(self, seconds: float) -> bool:
        """True when nothing was settled for that long."""
        return time.monotonic() - self._progress_at > seconds

    def check(self, stall_timeout: timedelta | None) -> None:
        """Raises what lost the publisher, or TimeoutError when it settles nothing any more."""
        if self.error is not None:
            raise self.error
        waiting = time.monotonic() - self._progress_at
        if stall_timeout is not None and self._unsettled and waiting > stall_timeout.total_seconds():
            raise TimeoutError("the transport settles nothing any more")


class Scan:
    """Where reading starts.

    Commits do not happen in the order of the positions, so a row may appear below those that were sent. While rows
    stream, reading goes on behind the last one, because dead index entries at the head would be walked again each
    time. Otherwise it starts at a mark that is one to two seconds old, and once a second at the very beginning.
    """

    def __init__(self) -> None:
        self._head = 0
        self._mark = 0
        self._streaming = False
        self._rescan_at = 0.0
        self._start = 0
        self._began = 0.0
        self._rescanning = False

    @property
    def rescan_due(self) -> bool:
        return time.monotonic() >= self._rescan_at

    def start(self) -> int:
        """The position behind which to read now."""
        self._began = time.monotonic()
        self._rescanning = self.rescan_due
        if self._rescanning:
            self._start, self._mark = 0, self._head
        else:
            self._start = self._head if self._streaming else self._mark
        return self._start

    @property
    def passes_rows_under_way(self) -> bool:
        """True when the read starts at or below rows that are sent and not yet deleted."""
        return self._start < self._head

    def found(self, rows: Sequence[OutboxRow], *, more: bool) -> None:
        """Notes what the read brought; a slow scan from the beginning is repeated less often."""
        if self._rescanning:
            now = time.monotonic()
            self._rescan_at = now + max(RESCAN_SECONDS, 20 * (now - self._began))
        self._streaming = more
        if rows:
            last = rows[-1].position
            self._head = last if self._streaming else max(self._head, last)
