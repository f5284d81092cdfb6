"""Keeps the note of a write whose lock was lost."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from servicekit.identity import Identity
from servicekit.problems import DomainError

from assignment_svc.drafts.store import delete_draft, rescue


@asynccontextmanager
async def noting(database: Database, caller: Identity, lead_id: str, note: str | None) -> AsyncGenerator[UnitOfWork]:
    """A transaction of a write with a note: it becomes the caller's draft when the lock is lost, and no draft is left
    when it is written.
    """
    try:
        async with database.unit_of_work() as work:
            yield work
            await delete_draft(work, lead_id, caller.user_id)
    except DomainError as error:
        if error.code == "lock-lost" and note:
            await rescue(database, lead_id, caller.user_id, note)
        raise
