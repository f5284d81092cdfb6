"""Forgets inbox entries that no repeat can refer to any more."""

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from messaging.database import Database
from messaging.inbox import store
from messaging.inbox.failures import DATABASE_TROUBLE

logger = logging.getLogger(__name__)

KEPT = timedelta(days=30)
EVERY_SECONDS = 600.0


async def forget_old_entries(database: Database, subscriptions: Sequence[str], age: timedelta = KEPT) -> int:
    """Deletes in portions, so that no lock is held for long; says how many entries went."""
    milliseconds = int((time.time() - age.total_seconds()) * 1000)
    newest = UUID(int=milliseconds << 80)
    forgotten = 0
    for subscription in subscriptions:
        while portion := await store.forget_old(database, subscription, age, newest):
            forgotten += portion
    return forgotten


async def keep_clean(database: Database, subscriptions: Sequence[str]) -> None:
    """Until cancelled."""
    while True:
        try:
            await forget_old_entries(database, subscriptions)
        except DATABASE_TROUBLE as error:
            logger.warning("inbox clean-up is put off: %s", type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)
