"""Lets the open cases of a project go, in portions; what a crash interrupts, the next portion carries on."""

import asyncio
import logging
from datetime import datetime, timedelta

from contracts.events.validation import CaseReleasedV1
from messaging.database import Database
from servicekit.unavailable import UNAVAILABLE

from validation_svc.cases.store import lead_ref
from validation_svc.releases import store

logger = logging.getLogger(__name__)

PORTION = 500
IDLE_SECONDS = 0.5
# Between services an effect may take as long. A lead that comes in held for a project that holds none any more waits
# for it: the project may have been turned on again, and the lead have overtaken the news.
LATE = timedelta(seconds=5)


async def release_due(database: Database, moment: datetime | None = None) -> int:
    """All that is due at `moment`, by default now; says how many cases were let go."""
    released = 0
    while True:
        portion = await _release_portion(database, moment)
        if portion is None:
            return released
        released += portion


async def keep_releasing(database: Database) -> None:
    """Until cancelled."""
    while True:
        try:
            await release_due(database)
        except UNAVAILABLE as error:
            logger.warning("held leads wait for their release: %s", type(error).__name__)
        await asyncio.sleep(IDLE_SECONDS)


async def _release_portion(database: Database, moment: datetime | None) -> int | None:
    async with database.unit_of_work() as work:
        due = await store.claim_release(work, moment)
        if due is None:
            return None
        rows = await store.release(work, due["project_id"], PORTION) if due["wanted"] else []
        for row in rows:
            work.publish(CaseReleasedV1(lead=lead_ref(row), attempts=row["attempts"]), sequence=row["version"])
        if len(rows) < PORTION:
            await store.finish(work, due["project_id"])
        return len(rows)
