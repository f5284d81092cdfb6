"""The clock of the worker: looks what is due, again and again. Everything is durable; a missed look is made up for."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from messaging.database import Database
from messaging.inbox.failures import DATABASE_TROUBLE
from servicekit.app import Task

from assignment_svc.timers import store
from assignment_svc.timers.fire import PORTION, Clock

logger = logging.getLogger(__name__)

# What somebody else sets is due at once or later than this.
LONGEST_NAP_SECONDS: Final = 0.25
_SHORTEST_NAP_SECONDS: Final = 0.02
_TIDY_EVERY_SECONDS: Final = 30.0


def timer_tasks(database: Database, clock: Clock) -> list[Task]:
    async def tick() -> float:
        await fire_all(database, clock)
        async with database.unit_of_work() as work:
            next_in = await store.seconds_to_next(work)
        return LONGEST_NAP_SECONDS if next_in is None else min(max(next_in, _SHORTEST_NAP_SECONDS), LONGEST_NAP_SECONDS)

    async def tidy() -> float:
        async with database.unit_of_work() as work:
            await store.clear_locks(work, PORTION)
        return _TIDY_EVERY_SECONDS

    return [_again_and_again(tick), _again_and_again(tidy)]


def _again_and_again(look: Callable[[], Awaitable[float]]) -> Task:
    async def run() -> None:
        while True:
            pause = LONGEST_NAP_SECONDS
            try:
                pause = await look()
            except DATABASE_TROUBLE as error:
                logger.warning("timers are put off: %s", type(error).__name__)
            await asyncio.sleep(pause)

    return run


async def fire_all(database: Database, clock: Clock) -> None:
    """Portion after portion, until no more was due than the last one."""
    more = True
    while more:
        async with database.unit_of_work() as work:
            more = await clock.fire(work)
