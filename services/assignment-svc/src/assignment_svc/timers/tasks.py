"""The clock of the worker: looks what is due, again and again. Everything is durable; a missed look is made up for."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from messaging.database import Database
from messaging.inbox.failures import DATABASE_TROUBLE
from messaging.unit_of_work import UnitOfWork
from servicekit.app import Task

from assignment_svc.timers import fire

logger = logging.getLogger(__name__)

Fire = Callable[[UnitOfWork], Awaitable[int]]

# Seconds between looks.
CLOCK: Final[tuple[tuple[Fire, float], ...]] = (
    (fire.promote, 0.25),
    (fire.expire_due, 0.5),
    (fire.follow_claims, 0.5),
    (fire.sweep_again, 5.0),
    (fire.clear_locks, 30.0),
)


def timer_tasks(database: Database) -> list[Task]:
    return [_task(database, one, pause) for one, pause in CLOCK]


def _task(database: Database, one: Fire, pause: float) -> Task:
    async def run() -> None:
        while True:
            try:
                await fire_all(database, one)
            except DATABASE_TROUBLE as error:
                logger.warning("%s is put off: %s", one.__name__, type(error).__name__)
            await asyncio.sleep(pause)

    return run


async def fire_all(database: Database, one: Fire) -> None:
    """Portion after portion until nothing is due."""
    while True:
        async with database.unit_of_work() as work:
            done = await one(work)
        if done < fire.PORTION:
            return
