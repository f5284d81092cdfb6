"""The right to relay: one holder at a time, taken over when its time has run out."""

import asyncio
import time
from datetime import timedelta

from messaging.database import Database
from messaging.outbox import store

DURATION = timedelta(seconds=5)


class LeaseLost(Exception):
    """Another relay has taken over, or our time ran out while we were stopped."""


class Lease:
    """Held from the database's clock, checked against our own: a process that was stopped notices when it wakes.

    A stale holder does no harm: it deletes only rows whose publishing was confirmed, and what it publishes twice
    has the same ids.
    """

    def __init__(self, database: Database, token: int, duration: timedelta, taken_at: float) -> None:
        self.token = token
        self._database = database
        self._duration = duration
        self._valid_until = taken_at + duration.total_seconds()

    @classmethod
    async def take(cls, database: Database, duration: timedelta = DURATION) -> "Lease | None":
        taken_at = time.monotonic()
        token = await store.take_lease(database, duration)
        return cls(database, token, duration, taken_at) if token is not None else None

    def check(self) -> None:
        """Raises LeaseLost; said before rows are read and before they are sent."""
        if time.monotonic() >= self._valid_until:
            raise LeaseLost(f"the lease with token {self.token} ran out")

    async def keep(self) -> None:
        """Renews until cancelled; raises LeaseLost."""
        while True:
            await asyncio.sleep(self._duration.total_seconds() / 5)
            self.check()
            renewed_at = time.monotonic()
            if not await store.renew_lease(self._database, self.token, self._duration):
                raise LeaseLost(f"token {self.token} was superseded")
            self._valid_until = renewed_at + self._duration.total_seconds()

    async def give_up(self) -> None:
        """So that a successor need not wait."""
        await store.give_up_lease(self._database, self.token)
