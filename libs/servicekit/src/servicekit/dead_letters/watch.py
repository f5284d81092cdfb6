"""The task that raises an alarm while dead letters wait for a decision (N5.9, O7.3)."""

import asyncio
import logging
from datetime import timedelta
from typing import Final

from contracts.events.bases import AlarmContent
from messaging.database import Database
from messaging.dead_letters import Choice, count

from servicekit.unavailable import UNAVAILABLE

logger = logging.getLogger(__name__)

LOOK_EVERY: Final = timedelta(seconds=30)
QUIET: Final = timedelta(hours=1)
ALARM: Final = "dead-letters"


async def watch_dead_letters(service: str, database: Database, alarm_class: type[AlarmContent]) -> None:
    """Until cancelled. Each worker tells once an hour; notify-svc passes on one of them in a period."""
    while True:
        pause = LOOK_EVERY
        try:
            if await look(service, database, alarm_class):
                pause = QUIET
        except UNAVAILABLE as error:
            logger.warning("alarms wait for the database: %s", type(error).__name__)
        await asyncio.sleep(pause.total_seconds())


async def look(service: str, database: Database, alarm_class: type[AlarmContent]) -> bool:
    """Whether any wait."""
    async with database.unit_of_work() as work:
        waiting = await count(work, Choice())
        if waiting:
            detail = f"{waiting} message(s) of {service} could not be handled or published and wait for a person."
            work.publish(alarm_class(alarm=ALARM, key=service, detail=detail), sequence=1)
    return waiting > 0
