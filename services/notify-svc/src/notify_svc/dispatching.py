"""The loop of whatever sends rows of a ledger: claims in one transaction, talks in none, marks in the next."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from messaging.inbox.failures import DATABASE_TROUBLE

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Mark = TypeVar("Mark")


class Desk(Protocol[Item, Mark]):
    """What is sent, and how."""

    async def turn(self, marks: Sequence[Mark], room: int) -> list[Item]:
        """One transaction: marks what came of the attempts, and claims up to `room` more. Repeats change nothing."""
        ...

    async def attempt(self, item: Item) -> Mark: ...

    def give_back(self, item: Item) -> Mark:
        """For one that was claimed and not begun."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """`at_once` items are under way, as many stand ready; `poll_seconds` an item waits for an idle loop at most."""

    at_once: int
    poll_seconds: float
    finish_seconds: float = 10.0


class Dispatcher(Generic[Item, Mark]):
    """Any number of them may run, here and in other processes."""

    def __init__(self, desk: Desk[Item, Mark], pace: Pace) -> None:
        self._desk = desk
        self._pace = pace
        self._running: dict[asyncio.Task[None], Item] = {}
        self._marks: list[Mark] = []
        self._turn: asyncio.Task[list[Item]] | None = None
        self._worth_a_turn = asyncio.Event()
        self._under_way = asyncio.Semaphore(pace.at_once)

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

    async def _mark_and_claim(self) -> list[Item]:
        marks = list(self._marks)
        claimed = await self._desk.turn(marks, max(2 * self._pace.at_once - len(self._running), 0))
        del self._marks[: len(marks)]
        return claimed

    async def _send(self, item: Item) -> None:
        async with self._under_way:
            self._marks.append(await self._desk.attempt(item))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task)
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
        await self._desk.turn(self._marks, 0)
        self._marks = []
