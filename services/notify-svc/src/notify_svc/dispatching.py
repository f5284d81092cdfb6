"""The loop of whatever sends rows of a ledger: claims in one transaction, talks in none, marks in the next."""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, Protocol, TypeVar

from messaging.database import Database
from messaging.inbox.failures import DATABASE_TROUBLE
from messaging.unit_of_work import UnitOfWork

from notify_svc.lanes import Lanes

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Mark = TypeVar("Mark")


@dataclass(frozen=True, slots=True)
class UnderWay:
    """`room` for so many more; `running` counts what is under way by lane; `slow` lanes get one attempt at a time."""

    room: int
    running: Mapping[str, int]
    slow: frozenset[str]


@dataclass(frozen=True, slots=True)
class Claimed(Generic[Item]):
    """`again`: more may be due at once."""

    items: list[Item]
    again: bool = False


class Desk(Protocol[Item, Mark]):
    """What is sent, and how."""

    def lane(self, item: Item) -> str:
        """Whom the attempt depends on."""
        ...

    async def mark(self, work: UnitOfWork, marks: Sequence[Mark]) -> None:
        """What came of attempts. Repeats change nothing."""
        ...

    async def expire_leases(self, work: UnitOfWork) -> None:
        """What nobody has any more who is alive, or to be trusted."""
        ...

    async def claim(self, work: UnitOfWork, under_way: UnderWay) -> Claimed[Item]:
        """In the transaction of the marks, after them."""
        ...

    async def attempt(self, item: Item, place: AbstractAsyncContextManager[None]) -> Mark:
        """Talks inside of `place`, which is waited for and measured; what needs no talk needs none."""
        ...

    def give_back(self, item: Item) -> Mark:
        """For one that was claimed and not begun."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """`at_once` attempts are under way, and as many again in slow lanes; `ready` times as many stand behind
    them, so that one transaction marks and claims for many, and connections do not wait for it.

    `per_lane` None: a lane may have all places. `turn` ended attempts are worth a transaction; `poll_seconds` an item
    waits for an idle loop at most. What lasts less than `slow_seconds` is not
    slow, even if others are quicker.
    """

    at_once: int
    lease: timedelta
    poll_seconds: float
    slow_seconds: float
    ready: int = 1
    per_lane: int | None = None
    turn: int = 1
    finish_seconds: float = 10.0


class Dispatcher(Generic[Item, Mark]):
    """Any number of them may run, here and in other processes."""

    def __init__(self, database: Database, desk: Desk[Item, Mark], pace: Pace) -> None:
        self._database = database
        self._desk = desk
        self._pace = pace
        self._lanes = Lanes(pace.at_once, pace.slow_seconds, pace.per_lane)
        self._running: dict[asyncio.Task[None], Item] = {}
        self._marks: list[Mark] = []
        self._turn: asyncio.Task[list[Item]] | None = None
        self._worth_a_turn = asyncio.Event()
        self._leases_checked_at = float("-inf")

    async def run(self) -> None:
        """Until it is cancelled: then what is being sent is finished and marked, for a while."""
        try:
            while True:
                await self._round()
        finally:
            await self._finish()

    async def _round(self) -> None:
        # Shielded: a claim that was committed must not be forgotten because we were cancelled meanwhile.
        self._worth_a_turn.clear()
        self._turn = asyncio.create_task(self._mark_and_claim())
        try:
            claimed = await asyncio.shield(self._turn)
        except DATABASE_TROUBLE as error:
            logger.warning("sending waits for the database: %s", type(error).__name__)
            self._turn = None
            await asyncio.sleep(1)
            return
        self._turn = None
        for item in claimed:
            task = asyncio.create_task(self._send(item))
            self._running[task] = item
            task.add_done_callback(self._ended)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._pace.poll_seconds):
                await self._worth_a_turn.wait()

    @property
    def _room(self) -> int:
        return (1 + self._pace.ready) * self._pace.at_once - (len(self._running) - self._lanes.aside)

    async def _mark_and_claim(self) -> list[Item]:
        """One transaction for both. Marks are kept until it is committed."""
        marks = list(self._marks)
        running = Counter(self._desk.lane(item) for item in self._running.values())
        under_way = UnderWay(self._room, running, self._lanes.slow)
        check_leases = time.monotonic() - self._leases_checked_at > self._pace.lease.total_seconds() / 20
        if not marks and not check_leases and under_way.room <= 0:
            return []
        async with self._database.unit_of_work() as work:
            if marks:
                await self._desk.mark(work, marks)
            if check_leases:
                await self._desk.expire_leases(work)
            claimed: Claimed[Item] = Claimed([])
            if under_way.room > 0:
                claimed = await self._desk.claim(work, under_way)
        del self._marks[: len(marks)]
        if check_leases:
            self._leases_checked_at = time.monotonic()
        if claimed.again:
            self._worth_a_turn.set()
        return claimed.items

    async def _send(self, item: Item) -> None:
        self._marks.append(await self._desk.attempt(item, self._lanes.place(self._desk.lane(item))))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task)
        if self._room >= self._pace.turn:
            self._worth_a_turn.set()
        error = None if task.cancelled() else task.exception()
        if error is not None:
            logger.error("an attempt broke off: %s", type(error).__name__)

    async def _finish(self) -> None:
        with contextlib.suppress(*DATABASE_TROUBLE):
            claimed = await self._turn if self._turn is not None else []
            self._marks += [self._desk.give_back(item) for item in claimed]
        if self._running:
            await asyncio.wait(self._running, timeout=self._pace.finish_seconds)
        for task in list(self._running):
            task.cancel()
        await self._desk.close()
        async with self._database.unit_of_work() as work:
            await self._desk.mark(work, self._marks)
        self._marks = []
