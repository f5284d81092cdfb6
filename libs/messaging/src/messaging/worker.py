"""What runs beside a service's API: its relay, its consumers, and the housekeeping of both."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from messaging.counters import Counters
from messaging.database import Database
from messaging.inbox.cleanup import keep_clean
from messaging.inbox.processor import Processor
from messaging.outbox.relay import Relay
from messaging.outbox.store import Lag, read_lag
from messaging.subscription import Subscription
from messaging.transport import Consumption, Transport, queue_name

WATCHDOG_SECONDS = 60.0
GRACE_SECONDS = 25.0


class ConsumerMissing(Exception):
    """A queue has had no live consumer for a minute: the process ends, so that a fresh one can try."""


@dataclass(frozen=True, slots=True)
class Health:
    """`consumers` says per queue whether it is being consumed."""

    leading: bool
    lag: Lag
    consumers: dict[str, bool] = field(default_factory=dict[str, bool])


class Worker:
    """Moves the messages of one service. Any number of them may run; the outbox has one active relay among them."""

    def __init__(
        self, service: str, database: Database, subscriptions: Sequence[Subscription], transport: Transport
    ) -> None:
        self.counters = Counters()
        self.watchdog_seconds = WATCHDOG_SECONDS
        self.grace_seconds = GRACE_SECONDS
        self._service = service
        self._database = database
        self._transport = transport
        self._names = [subscription.name for subscription in subscriptions]
        self._stop_consuming = asyncio.Event()
        self._stop_relaying = asyncio.Event()
        self._relay = Relay(service, database, transport, self.counters)
        self._processors = {
            queue_name(service, subscription): Processor(database, subscription, len(transport.delays), self.counters)
            for subscription in subscriptions
        }
        transport.register(service, subscriptions)

    def stop(self) -> None:
        """`run` ends soon: what runs is finished, the rest goes back, what was published meanwhile is relayed."""
        self._stop_consuming.set()

    async def run(self, stop: asyncio.Event | None = None) -> None:
        """Until `stop` is set, `stop()` is called, or it is cancelled. Raises ConsumerMissing, or what is fatal."""
        if stop is not None:
            self._stop_consuming = stop
        async with asyncio.TaskGroup() as group:
            relaying = group.create_task(self._relay.run(self._stop_relaying))
            background = [
                group.create_task(keep_clean(self._database, self._names)),
                group.create_task(self._watch()),
            ]
            consuming = group.create_task(self._consume())
            await self._stop_consuming.wait()
            await _ends(consuming, self.grace_seconds)
            self._stop_relaying.set()
            await _ends(relaying, self.grace_seconds)
            for task in background:
                task.cancel()

    async def health(self) -> Health:
        """Asks the database; raises what asyncpg raises when it cannot be reached."""
        return Health(
            leading=self._relay.leading,
            lag=await read_lag(self._database),
            consumers={queue: self._transport.attached(queue) for queue in self._processors},
        )

    async def _consume(self) -> None:
        await self._transport.consume(
            Consumption(self._service, self._database, self._processors, self._stop_consuming)
        )

    async def _watch(self) -> None:
        alive_at = dict.fromkeys(self._processors, time.monotonic())
        while not self._stop_consuming.is_set():
            now = time.monotonic()
            for queue, last in alive_at.items():
                if self._transport.attached(queue):
                    alive_at[queue] = now
                elif now - last > self.watchdog_seconds:
                    raise ConsumerMissing(f"{queue} has had no consumer for {now - last:.0f} s")
            await asyncio.sleep(min(1.0, self.watchdog_seconds / 5))


async def _ends(task: asyncio.Task[None], seconds: float) -> None:
    """Waits for the task to end by itself, then cancels it."""
    await asyncio.wait([task], timeout=seconds)
    task.cancel()
    await asyncio.wait([task])
