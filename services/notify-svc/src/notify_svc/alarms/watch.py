"""The task that raises alarms about our own work: failing and stuck mails."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from contracts.events.notify import AlarmRaisedV1
from contracts.ids import lowest_id
from messaging.database import Database
from messaging.inbox.failures import DATABASE_TROUBLE

from notify_svc.alarms.store import Watched, read_troubles

logger = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 30.0
FAILURES = 5
LATE = timedelta(minutes=15)


async def watch(database: Database, period: timedelta) -> None:
    """Until cancelled."""
    while True:
        try:
            await look(database, period)
        except DATABASE_TROUBLE as error:
            logger.warning("alarms wait for the database: %s", type(error).__name__)
        await asyncio.sleep(LOOK_EVERY_SECONDS)


async def look(database: Database, period: timedelta) -> None:
    """Several of us may look at the same time: who is told is decided when the alarm is heard."""
    since = lowest_id("eml", datetime.now(UTC) - timedelta(hours=1))
    watched = Watched(period=period, since_id=since, failures=FAILURES, late=LATE)
    async with database.unit_of_work() as work:
        for trouble in await read_troubles(work, watched):
            work.publish(AlarmRaisedV1(**trouble), sequence=1)
