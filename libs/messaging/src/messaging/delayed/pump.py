"""Hands delayed messages back to their queues when they are due."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from messaging.database import Database
from messaging.delayed import store
from messaging.delayed.store import DelayedMessage
from messaging.inbox.failures import DATABASE_TROUBLE

logger = logging.getLogger(__name__)

CLAIMED_FOR = timedelta(seconds=60)
PORTION = 200
IDLE_SECONDS = 1.0

Deliver = Callable[[Sequence[DelayedMessage]], Awaitable[None]]


class DelayedPump:
    """`deliver` returns when the messages are safe elsewhere, or raises; only then are they deleted."""

    def __init__(self, database: Database, queues: Sequence[str], deliver: Deliver) -> None:
        self._database = database
        self._queues = queues
        self._deliver = deliver
        self._stored = asyncio.Event()

    def wake(self) -> None:
        """Said when a message was stored, which may be due before the next look."""
        self._stored.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._stored.clear()
            pause = IDLE_SECONDS
            try:
                wait = await store.seconds_until_due(self._database, self._queues)
                if wait is not None and wait <= 0:
                    await self._deliver_due()
                    continue
                pause = min(wait or IDLE_SECONDS, IDLE_SECONDS)
            except DATABASE_TROUBLE as error:
                logger.warning("delayed messages stay where they are: %s", type(error).__name__)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stored.wait()

    async def _deliver_due(self) -> None:
        due = await store.claim_due(self._database, self._queues, PORTION, CLAIMED_FOR)
        if due:
            async with asyncio.timeout(CLAIMED_FOR.total_seconds()):
                await self._deliver(due)
            await store.delete(self._database, [message.id for message in due])
