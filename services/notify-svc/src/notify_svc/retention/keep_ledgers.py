"""Removes what nobody needs any more: old finished mails and deliveries, decided leads, ended secrets.

What is to go is read from the ledgers themselves: after a stop or a crash the next run finds it.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from contracts.ids import lowest_id
from messaging.database import Database
from messaging.inbox.failures import DATABASE_TROUBLE

from notify_svc.retention import store

logger = logging.getLogger(__name__)
EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """For how long: mails with their logs, digests, external ids and alarms; webhooks with their attempts."""

    mails: timedelta
    webhooks: timedelta


async def prune_ledgers(database: Database, kept: Kept) -> None:
    now = datetime.now(UTC)
    while await store.prune_deliveries(database, lowest_id("whd", now - kept.webhooks)):
        pass
    while await store.prune_emails(database, lowest_id("eml", now - kept.mails)):
        pass
    while await store.prune_external_ids(database, lowest_id("lead", now - kept.mails)):
        pass
    await store.prune_others(database, now - kept.mails)


async def keep_ledgers(database: Database, kept: Kept) -> None:
    """Until cancelled."""
    while True:
        try:
            await prune_ledgers(database, kept)
        except DATABASE_TROUBLE as error:
            logger.warning("old ledgers stay a while: %s", type(error).__name__)
        await asyncio.sleep(EVERY.total_seconds())
