"""Removes what nobody needs any more: old finished deliveries, decided leads, ended secrets."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from contracts.ids import lowest_id
from messaging.database import Database
from messaging.inbox.failures import DATABASE_TROUBLE

from notify_svc.webhook_deliveries import store

logger = logging.getLogger(__name__)
EVERY = timedelta(hours=1)


async def clean_ledger(database: Database, kept_for: timedelta) -> None:
    before = lowest_id("whd", datetime.now(UTC) - kept_for)
    while await store.prune(database, before):
        pass
    await store.prune_others(database)


async def keep_clean(database: Database, kept_for: timedelta) -> None:
    """Until cancelled."""
    while True:
        try:
            await clean_ledger(database, kept_for)
        except DATABASE_TROUBLE as error:
            logger.warning("old webhooks stay a while: %s", type(error).__name__)
        await asyncio.sleep(EVERY.total_seconds())
