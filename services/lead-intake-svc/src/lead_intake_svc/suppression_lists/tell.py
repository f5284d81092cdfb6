"""What the others hear of whole lists: portion by portion, what concerns leads that are inside first (ADR 0013)."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import partial

from contracts.events.intake import AlarmRaisedV1, SuppressionEntry, SuppressionsAddedV1, SuppressionsRemovedV1
from messaging.database import Database
from messaging.inbox.failures import DATABASE_TROUBLE
from messaging.unit_of_work import UnitOfWork
from servicekit.app import Task

from lead_intake_svc.reference.project import STALE_AFTER
from lead_intake_svc.suppression_lists import store

logger = logging.getLogger(__name__)

PORTION = 500
TELL_SECONDS = 0.5
STALE_SECONDS = 60.0
_CLASSES = {False: SuppressionsAddedV1, True: SuppressionsRemovedV1}
_SEQUENCES = {False: 1, True: 2}


async def tell_portion(work: UnitOfWork) -> bool:
    """False when nothing was left to tell. One event at a time enters the outbox, so that no other waits long there."""
    rows = await store.take_tells(work, PORTION)
    groups: dict[tuple[str, bool], list[SuppressionEntry]] = defaultdict(list)
    for row in rows:
        entry = SuppressionEntry(
            suppression_id=row["suppression_id"],
            kind=row["kind"],
            value=row["value"],
            scope=row["scope"],
            scope_id=row["scope_id"],
        )
        groups[row["list_id"], row["removed"]].append(entry)
    for (list_id, removed), entries in groups.items():
        work.publish(_CLASSES[removed](list_id=list_id, entries=entries), sequence=_SEQUENCES[removed])
    return bool(rows)


async def alarm_stale(work: UnitOfWork) -> bool:
    """Once for each age of a list."""
    for row in await store.take_stale(work, STALE_AFTER):
        event = AlarmRaisedV1(
            alarm="suppression-list-stale",
            key=row["id"],
            detail="A national suppression list is more than 31 days old.",
            project_id=row["scope_id"] if row["scope"] == "project" else None,
        )
        work.publish(event, sequence=row["version"])
    return False


def list_tasks(database: Database) -> tuple[Task, ...]:
    return (
        partial(_repeat, database, tell_portion, TELL_SECONDS),
        partial(_repeat, database, alarm_stale, STALE_SECONDS),
    )


async def _repeat(database: Database, portion: Callable[[UnitOfWork], Awaitable[bool]], pause: float) -> None:
    """Until cancelled. Any number of workers may do it."""
    while True:
        try:
            async with database.unit_of_work() as work:
                more = await portion(work)
            if more:
                continue
        except DATABASE_TROUBLE as error:
            logger.warning("suppression lists are told of later: %s", type(error).__name__)
        await asyncio.sleep(pause)
