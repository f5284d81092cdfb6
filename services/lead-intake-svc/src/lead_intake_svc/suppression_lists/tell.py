"""What the others hear of whole lists: portion by portion, what concerns leads that are inside first (ADR 0013)."""

from collections import defaultdict

from asyncpg import Record
from contracts.events.intake import (
    AlarmRaisedV1,
    SuppressionEntry,
    SuppressionListChangedV1,
    SuppressionsAddedV1,
    SuppressionsRemovedV1,
)
from messaging.unit_of_work import UnitOfWork

from lead_intake_svc.reference.project import STALE_AFTER
from lead_intake_svc.suppression_lists import store

PORTION = 500
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


def tell_list(work: UnitOfWork, row: Record, *, removed: bool = False) -> None:
    """Until when it is fresh: who calls later than that needs to know."""
    told = SuppressionListChangedV1(
        list_id=row["id"],
        scope=row["scope"],
        scope_id=row["scope_id"],
        fresh_until=row["as_of"] + STALE_AFTER if row["national"] and not removed else None,
        removed=removed,
    )
    work.publish(told, sequence=row["version"] + removed)


async def alarm_stale(work: UnitOfWork) -> bool:
    """Once for each age of a list. Lists from before others heard of them are told of here, too."""
    for row in await store.take_stale(work, STALE_AFTER):
        tell_list(work, row)
        event = AlarmRaisedV1(
            alarm="suppression-list-stale",
            key=row["id"],
            detail="A national suppression list is more than 31 days old.",
            project_id=row["scope_id"] if row["scope"] == "project" else None,
        )
        work.publish(event, sequence=row["version"])
    return False
