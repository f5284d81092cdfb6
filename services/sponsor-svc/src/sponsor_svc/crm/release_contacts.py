"""Contacts of activated campaigns go to intake, portion by portion, each once. What waits stands in the table: an
activation, a later announcement and a restart are all the same to it.
"""

import asyncio
import logging

from contracts.events.sponsor import ContactsReleasedV1
from messaging.database import Database
from messaging.inbox.failures import DATABASE_TROUBLE
from messaging.unit_of_work import UnitOfWork

from sponsor_svc.crm import store

logger = logging.getLogger(__name__)

PORTION = 500
LOOK_SECONDS = 1.0


async def release_contacts(work: UnitOfWork) -> bool:
    """False when nothing waits. `sequence` says nothing here: every portion is another one."""
    portion = await store.take_portion(work, PORTION)
    if portion is None:
        return False
    event = ContactsReleasedV1(
        campaign_id=portion.campaign_id,
        project_id=portion.project_id,
        contact_list_id=portion.contact_list_id,
        contacts=dict(portion.contacts),
    )
    work.publish(event, sequence=1)
    return True


async def keep_releasing(database: Database) -> None:
    """Until cancelled. Any number of workers may do it."""
    while True:
        try:
            async with database.unit_of_work() as work:
                more = await release_contacts(work)
            if more:
                continue
        except DATABASE_TROUBLE as error:
            logger.warning("contacts will be released later: %s", type(error).__name__)
        await asyncio.sleep(LOOK_SECONDS)
