"""Removes what has expired."""

import asyncio
import logging
from datetime import timedelta

from messaging.database import Database
from servicekit.unavailable import UNAVAILABLE

from identity_svc.sessions import guard, store
from identity_svc.single_sign_on import store as flows

logger = logging.getLogger(__name__)
EVERY_SECONDS = 600


async def keep_clean(database: Database, idle: timedelta) -> None:
    """Until cancelled."""
    while True:
        try:
            async with database.unit_of_work() as work:
                await store.delete_expired(work, guard.WINDOW, idle)
                await flows.delete_expired(work)
        except UNAVAILABLE as error:
            logger.warning("expired sessions stay a while: %s", type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)
