"""Group commit: the leads of concurrent requests are decided and written together, and answered after their commit.

There is no waiting window: a free flusher takes whatever is queued. Leads pile up while the flushers are busy, so
the batches grow with the load.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Any

import asyncpg
from lead_intake_svc.intake.candidate import Candidate
from lead_intake_svc.intake.settle import Outcome, Raced, settle
from messaging.database import Database
from servicekit.problems import DomainError, Kind, invalid
from servicekit.unavailable import UNAVAILABLE, unavailable

logger = logging.getLogger(__name__)

FLUSHERS = 2
LARGEST_BATCH = 200
# Somebody who was faster has committed by then, so each further try knows more; the last ones exclude everybody.
OPTIMISTIC_TRIES = 4
TRIES = 20


class Waiting:
    """A candidate in the queue, and who waits for it."""

    __slots__ = ("candidate", "future")

    def __init__(self, candidate: Candidate, future: "asyncio.Future[Outcome]") -> None:
        self.candidate = candidate
        self.future = future

    def resolve(self, outcome: Outcome | Exception) -> None:
        """A sender who has gone away has a cancelled future; the lead is stored all the same."""
        if self.future.done():
            return
        if isinstance(outcome, Exception):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome)


class GroupCommit:
    def __init__(self, database: Database, *, room: int) -> None:
        self._database = database
        self._room = room
        self._queue: deque[Waiting] = deque()
        self._looking = 0
        self._flushers: set[asyncio.Task[None]] = set()

    def submit(self, candidate: Candidate) -> "asyncio.Future[Outcome]":
        """Done when the candidate's fate is committed. Raises 503 at once when too many wait."""
        if len(self._queue) >= self._room:
            raise DomainError(
                Kind.UNAVAILABLE, "overloaded", "Too many leads wait at the moment.", headers={"Retry-After": "1"}
            )
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._queue.append(Waiting(candidate, future))
        if self._looking < FLUSHERS:
            self._looking += 1
            flusher = asyncio.create_task(self._flush())
            self._flushers.add(flusher)
            flusher.add_done_callback(self._flushers.discard)
        return future

    async def _flush(self) -> None:
        """Until nothing waits. Whatever happens to the database, everybody who waits is told.

        Giving the connection back takes time, in which this flusher no longer looks at the queue: by then it must
        not be counted any more, or what arrives meanwhile would wait for the next lead.
        """
        batch: list[Waiting] = []
        looking = True
        try:
            async with self._database.pool.acquire(timeout=5) as connection:
                while self._queue:
                    batch = [self._queue.popleft() for _ in range(min(len(self._queue), LARGEST_BATCH))]
                    await self._settle(connection, batch)
                self._looking -= 1
                looking = False
        except Exception as error:  # noqa: BLE001 -- nobody may wait for ever
            logger.warning("intake cannot commit: %s", type(error).__name__)
            if looking:
                self._looking -= 1
                self._refuse(batch)

    def _refuse(self, batch: Sequence[Waiting]) -> None:
        for waiting in (*batch, *self._queue):
            waiting.resolve(unavailable())
        self._queue.clear()

    async def _settle(self, connection: Any, batch: Sequence[Waiting]) -> None:
        try:
            outcomes = await self._try(connection, [waiting.candidate for waiting in batch])
        except UNAVAILABLE:
            raise
        except Exception as error:  # noqa: BLE001 -- one lead that cannot be stored must not fail its neighbours
            if len(batch) == 1:
                logger.error("a lead could not be stored: %s", type(error).__name__)  # noqa: TRY400 -- no values in logs
                batch[0].resolve(_not_stored(error))
                return
            for waiting in batch:
                await self._settle(connection, [waiting])
            return
        for waiting, outcome in zip(batch, outcomes, strict=True):
            waiting.resolve(outcome)
        self._database.outbox_filled()

    async def _try(self, connection: Any, candidates: Sequence[Candidate]) -> list[Outcome]:
        for tried in range(TRIES):
            try:
                return await settle(connection, self._database.source, candidates, exclusive=tried >= OPTIMISTIC_TRIES)
            except (Raced, asyncpg.UniqueViolationError):
                continue
        raise unavailable()


def _not_stored(error: Exception) -> DomainError:
    if isinstance(error, asyncpg.DataError):
        return invalid("lead-not-storable", "A value of the lead cannot be stored.")
    return unavailable()
