"""A validator asks for the next case (V4.11)."""

from datetime import timedelta

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from validation_svc.next_case import store


async def take_next_case(work: UnitOfWork, by: store.Asking, lease: timedelta, *, skip: bool) -> Record | None:
    """The case that the validator has, extended, or the one that waits longest; None when there is none.

    Oldest first; a case that was attempted or skipped waits from then on.
    """
    await store.lock_validator(work, by.user_id)
    if not skip:
        row = await store.extend_lease(work, by, lease)
        if row is not None:
            return row
    await store.give_back(work, by.user_id, to_the_end=skip)
    return await store.take_next(work, by, lease)
