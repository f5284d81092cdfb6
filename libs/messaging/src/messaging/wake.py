"""Waking the relay of another process after a commit: a hint that may get lost, never more."""

import asyncio
import logging

from messaging.database import Database
from messaging.inbox.failures import DATABASE_TROUBLE
from messaging.sight import start_apart

logger = logging.getLogger(__name__)

CHANNEL = "outbox"
# A notification takes a lock of the whole cluster at its commit, so a burst of commits shares one.
PAUSE_SECONDS = 0.02


class RelayWaker:
    """For a process without a relay of its own, e.g. an API: notifies at most once per pause, and at once at rest.

    Build it inside the running loop; it works as long as the database is open.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pending = False
        self._task: asyncio.Task[None] | None = None
        database.on_commit(self._committed)

    def _committed(self) -> None:
        self._pending = True
        if self._task is None or self._task.done():
            self._task = start_apart(self._notify())

    async def _notify(self) -> None:
        while self._pending:
            self._pending = False
            try:
                await self._database.pool.execute(f"NOTIFY {CHANNEL}")
            except DATABASE_TROUBLE as error:
                logger.debug("the relay was not woken: %s", type(error).__name__)
            await asyncio.sleep(PAUSE_SECONDS)
