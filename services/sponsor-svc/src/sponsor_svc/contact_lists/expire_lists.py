"""The durable timer of the contact lists: what is due stands in the table, so no process needs to remember it."""

import asyncio
import logging

from contracts.events.sponsor import ContactListExpiredV1
from messaging.database import Database
from messaging.inbox.failures import DATABASE_TROUBLE
from messaging.unit_of_work import UnitOfWork

from sponsor_svc.contact_lists import store
from sponsor_svc.contact_lists.contact_list import told

logger = logging.getLogger(__name__)

PORTION = 500
LOOK_SECONDS = 1.0


async def expire_lists(work: UnitOfWork) -> int:
    """Expires up to 500 lists that are due, each once; says how many."""
    expired = await store.expire_due(work, PORTION)
    for contact_list in expired:
        work.publish(told(contact_list, ContactListExpiredV1), sequence=contact_list.version)
    return len(expired)


async def keep_expiring(database: Database) -> None:
    """Until cancelled. Any number of workers may do it."""
    while True:
        pause = LOOK_SECONDS
        try:
            async with database.unit_of_work() as work:
                expired = await expire_lists(work)
                due_in = await store.seconds_until_due(work)
            if expired == PORTION:
                continue
            if due_in is not None:
                pause = min(max(due_in, 0.05), LOOK_SECONDS)
        except DATABASE_TROUBLE as error:
            logger.warning("contact lists will be looked at again: %s", type(error).__name__)
        await asyncio.sleep(pause)
