"""What the worker looks at again and again. Everything is durable; a missed look is made up for."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from messaging.database import Database
from messaging.inbox.failures import DATABASE_TROUBLE
from messaging.unit_of_work import UnitOfWork
from servicekit.app import Task

from lead_intake_svc.forms.store import forget_hits
from lead_intake_svc.returns.lapse_returns import lapse_due
from lead_intake_svc.suppression_lists.tell import alarm_stale, tell_portion

logger = logging.getLogger(__name__)

Look = Callable[[UnitOfWork], Awaitable[bool]]
# Seconds between looks; one that says that there is more is followed by the next at once.
CLOCK: Final[tuple[tuple[Look, float], ...]] = (
    (tell_portion, 0.5),
    (lapse_due, 1.0),
    (alarm_stale, 60.0),
    (forget_hits, 300.0),
)


def clock_tasks(database: Database) -> tuple[Task, ...]:
    return tuple(partial(_repeat, database, look, pause) for look, pause in CLOCK)


async def _repeat(database: Database, look: Look, pause: float) -> None:
    """Until cancelled. Any number of workers may do it."""
    while True:
        try:
            async with database.unit_of_work() as work:
                more = await look(work)
            if more:
                continue
        except DATABASE_TROUBLE as error:
            logger.warning("%s is put off: %s", look.__name__, type(error).__name__)
        await asyncio.sleep(pause)
