"""What could not be handled, for a person to see, replay or discard.

Replaying stores the message among the delayed ones, under its own id and due now, in the same transaction as the
decision; the worker brings it back to its queue. It takes effect unless the inbox knows that it already has. What could
not be published goes back into the outbox.
"""

from datetime import timedelta

from messaging.dead_letters import store
from messaging.dead_letters.store import (
    Choice,
    DeadLetter,
    Entry,
    Group,
    count,
    list_entries,
    list_groups,
    list_page,
    show,
)
from messaging.unit_of_work import UnitOfWork

__all__ = [
    "Choice",
    "DeadLetter",
    "Entry",
    "Group",
    "count",
    "discard",
    "list_entries",
    "list_groups",
    "list_page",
    "replay",
    "show",
]

DEFAULT_RATE_PER_SECOND = 50.0
LEAST_RATE_PER_SECOND = 0.01


async def replay(
    work: UnitOfWork,
    choice: Choice,
    *,
    by: str,
    rate_per_second: float = DEFAULT_RATE_PER_SECOND,
    dry_run: bool = False,
) -> int:
    """Brings the chosen waiting letters back, oldest first, not faster than the rate; says how many.

    `by` is recorded with each. A dry run only counts.
    """
    if dry_run:
        return await count(work, choice)
    return await store.replay(work, choice, by, timedelta(seconds=1 / rate_per_second))


async def discard(work: UnitOfWork, choice: Choice, *, by: str, dry_run: bool = False) -> int:
    """Decides that the chosen waiting letters will never be handled; says how many. `by` is recorded with each."""
    if dry_run:
        return await count(work, choice)
    return await store.discard(work, choice, by)
