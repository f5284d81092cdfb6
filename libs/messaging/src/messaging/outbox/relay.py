"""The relay: moves committed events from the outbox to the transport."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from datetime import timedelta

from messaging.counters import Counters
from messaging.database import Database
from messaging.outbox import store
from messaging.outbox.lease import DURATION, Lease, LeaseLost
from messaging.outbox.window import BATCH, Scan, Window
from messaging.transport import Outcome, Publisher, Transport, outbox_name
from messaging.wake import CHANNEL

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.2
# Under load rows are read and deleted with those of this time. At rest nothing waits: it counts from the read before.
GATHER_SECONDS = 0.02
SEND_TIMEOUT_SECONDS = 30.0
# At the end: what is under way gets this long, unless nothing comes back any more (consumers in the same process
# have ended, too). What is left is published again by the next relay.
DRAIN_SECONDS = 10.0
DRAIN_QUIET_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 2.0
# After so many a row that nobody takes is a dead letter, for a person. What cannot be sent, or provably may not be
# published, is one at once: trying again cannot help, and costs the channel with all that is under way.
TRIES = 5


class Relay:
    """One per outbox is active, by a lease. Polling is the truth; being woken only makes it faster.

    Holds no transaction while it waits for confirmations. Rows are deleted only when confirmed; an unknown outcome
    is published again under the same id.
    """

    def __init__(self, service: str, database: Database, transport: Transport, counters: Counters) -> None:
        self.leading = False
        self.lease_duration: timedelta = DURATION
        self._service = service
        self._queue = outbox_name(service)
        self._database = database
        self._transport = transport
        self._counters = counters
        self._filled = asyncio.Event()
        database.on_commit(self._filled.set)

    async def run(self, stop: asyncio.Event) -> None:
        """Leads whenever it can, until `stop` is set."""
        pause = 0.05
        while not stop.is_set():
            try:
                lease = await Lease.take(self._database, self.lease_duration)
                if lease is not None:
                    await self._lead(lease, stop)
                    pause = 0.05
                    continue
                pause = self.lease_duration.total_seconds() / 10
            except Exception as error:  # noqa: BLE001 -- whatever it was, the rows are still there: start afresh
                self._counters.relay_restarts += 1
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                logger.warning("relay of %s starts afresh: %s", self._service, _names(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)

    async def _lead(self, lease: Lease, stop: asyncio.Event) -> None:
        window = Window()
        pool = self._database.pool
        try:
            async with (
                pool.acquire() as reader,
                pool.acquire() as writer,
                self._listening(reader),
                asyncio.TaskGroup() as group,
            ):
                keeping = group.create_task(lease.keep())
                async with self._transport.publisher(self._service, window) as publisher:
                    clearing = group.create_task(self._clear(writer, window))
                    self.leading = True
                    await self._send(_Session(lease, window, publisher, reader), stop)
                clearing.cancel()
                keeping.cancel()
        finally:
            self.leading = False
            with contextlib.suppress(Exception):
                await lease.give_up()

    async def _send(self, session: "_Session", stop: asyncio.Event) -> None:
        scan, loop = Scan(), asyncio.get_running_loop()
        while not stop.is_set():
            self._filled.clear()
            session.window.changed.clear()
            session.check()
            limit = session.window.limit
            if not limit:
                await _wait(session.window.changed)
                continue
            if scan.rescan_due:
                await store.release_due(session.reader)
                await store.bury(session.reader, self._queue)
            start, gather_until = scan.start(), loop.time() + GATHER_SECONDS
            if scan.passes_rows_under_way:
                limit += len(session.window)
            rows, more = await store.fetch_unsent(session.reader, start, limit, session.window.batch_bytes)
            scan.found(rows, more=more)
            fresh = session.window.admit(rows)
            if fresh:
                session.lease.check()
                async with asyncio.timeout(SEND_TIMEOUT_SECONDS if session.publisher.stall_timeout else None):
                    await session.publisher.send(fresh)
            if not more:
                await _wait(self._filled)
                if fresh:
                    await asyncio.sleep(gather_until - loop.time())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while len(session.window) and not session.window.quiet_for(DRAIN_QUIET_SECONDS):
                    session.window.changed.clear()
                    session.check()
                    await _wait(session.window.changed)

    async def _clear(self, writer: store.Connection, window: Window) -> None:
        """Deletes what is confirmed and parks what failed, as much at a time as there is."""
        while True:
            await window.settled_some.wait()
            window.settled_some.clear()
            outcomes, window.outcomes = window.outcomes, {}
            for outcome, positions in outcomes.items():
                if outcome is Outcome.CONFIRMED:
                    await store.delete_sent(writer, positions)
                    self._counters.published += len(positions)
                else:
                    await self._park(writer, positions, outcome)
                window.forget(positions)
            if len(window) < BATCH:
                await asyncio.sleep(GATHER_SECONDS)

    async def _park(self, writer: store.Connection, positions: list[int], outcome: Outcome) -> None:
        temporary = outcome is Outcome.REFUSED
        if temporary:
            self._counters.refused += len(positions)
        else:
            self._counters.parked += len(positions)
            logger.error("relay of %s sets %d rows aside: %s", self._service, len(positions), outcome.value)
        tries = TRIES if outcome is Outcome.UNROUTABLE else 1
        await store.park(writer, positions, outcome.value, temporary=temporary, tries=tries)

    @contextlib.asynccontextmanager
    async def _listening(self, connection: store.Connection) -> AsyncGenerator[None]:
        def woken(*_: object) -> None:
            self._filled.set()

        await connection.add_listener(CHANNEL, woken)
        try:
            yield
        finally:
            if not connection.is_closed():
                with contextlib.suppress(Exception):
                    await connection.remove_listener(CHANNEL, woken)


class _Session:
    """What one term of leadership works with."""

    def __init__(self, lease: Lease, window: Window, publisher: Publisher, reader: store.Connection) -> None:
        self.lease = lease
        self.window = window
        self.publisher = publisher
        self.reader = reader

    def check(self) -> None:
        self.lease.check()
        self.window.check(self.publisher.stall_timeout)


async def _wait(event: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(POLL_SECONDS):
            await event.wait()


def _names(error: BaseException) -> str:
    """The classes of what went wrong: texts may hold values."""
    if isinstance(error, BaseExceptionGroup):
        return ", ".join(_names(inner) for inner in error.exceptions)
    return f"{type(error).__name__}: {error}" if isinstance(error, LeaseLost | TimeoutError) else type(error).__name__
