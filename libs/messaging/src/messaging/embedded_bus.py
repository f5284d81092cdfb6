"""The same promises without a broker, for all services in one process.

An outbox row is done only when every subscriber has committed its inbox entry, or has stored the message in its own
database for a later try or among its dead letters. A crash therefore loses nothing: rows that were not done are
published again, and the inboxes know what had taken effect.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from messaging.dead_letters import store as dead_letter_store
from messaging.dead_letters.store import DeadLetter
from messaging.delayed import store as delayed_store
from messaging.delayed.pump import DelayedPump
from messaging.delayed.store import DelayedMessage, Postponed
from messaging.inbox.delivery import Dead, Delivery, TryAgain, Verdict
from messaging.inbox.processor import Processor
from messaging.subscription import Subscription
from messaging.transport import RETRY_DELAYS, Consumption, OutboxRow, Outcome, PublishListener, queue_name


class EmbeddedBus:
    """One for all workers of the process. Nothing is published before each of `services` has built its worker."""

    def __init__(self, *, delays: Sequence[timedelta] = RETRY_DELAYS, services: Collection[str] = ()) -> None:
        self.delays = delays
        self._awaited = set(services)
        self._complete = asyncio.Event()
        if not services:
            self._complete.set()
        self._queues: dict[str, _Queue] = {}
        self._by_type: dict[str, list[_Queue]] = {}
        self._attached: set[str] = set()

    def register(self, service: str, subscriptions: Sequence[Subscription]) -> None:
        for subscription in subscriptions:
            name = queue_name(service, subscription)
            if name in self._queues:
                continue
            queue = self._queues[name] = _Queue()
            for event_type in subscription.event_types:
                self._by_type.setdefault(event_type, []).append(queue)
        self._awaited.discard(service)
        if not self._awaited:
            self._complete.set()

    @asynccontextmanager
    async def publisher(self, service: str, listener: PublishListener) -> AsyncGenerator["_BusPublisher"]:
        del service
        await self._complete.wait()
        publisher = _BusPublisher(self._by_type, listener)
        try:
            yield publisher
        finally:
            publisher.closed = True

    def attached(self, queue: str) -> bool:
        return queue in self._attached

    async def consume(self, consumption: Consumption) -> None:
        if not consumption.processors:
            await consumption.stop.wait()
            return
        pump = DelayedPump(consumption.database, list(consumption.processors), self._deliver_delayed)
        async with asyncio.TaskGroup() as group:
            pumping = group.create_task(pump.run())
            lines = [
                group.create_task(self._serve(name, processor, consumption, pump))
                for name, processor in consumption.processors.items()
            ]
            await consumption.stop.wait()
            for name in consumption.processors:
                self._queues[name].wake()
            await asyncio.gather(*lines)
            pumping.cancel()

    async def _serve(self, name: str, processor: Processor, consumption: Consumption, pump: DelayedPump) -> None:
        queue = self._queues[name]
        store = _VerdictStore(name, processor, consumption, self.delays)
        self._attached.add(name)
        try:
            while not consumption.stop.is_set():
                entries = await queue.take(processor.subscription.batch, consumption.stop)
                deliveries = [entry.delivery for entry in entries]
                verdicts = await processor.process(deliveries)
                if await store.keep(deliveries, verdicts):
                    pump.wake()
                for entry in entries:
                    entry.settle()
        finally:
            self._attached.discard(name)

    async def _deliver_delayed(self, messages: Sequence[DelayedMessage]) -> None:
        settled = asyncio.Event()
        left = len(messages)

        def settle() -> None:
            nonlocal left
            left -= 1
            if not left:
                settled.set()

        given_up = asyncio.Event()
        for message in messages:
            delivery = Delivery(message.body, message.message_id, message.attempts, message.waits)
            self._queues[message.queue].put(_Entry(delivery, settle, lambda: not given_up.is_set()))
        try:
            await settled.wait()
        finally:
            given_up.set()


class _Entry:
    """A delivery to one subscriber, and whom to tell when it is safe there; unless who sent it has given it up."""

    __slots__ = ("delivery", "settle", "wanted")

    def __init__(self, delivery: Delivery, settle: Callable[[], None], wanted: Callable[[], bool]) -> None:
        self.delivery = delivery
        self.settle = settle
        self.wanted = wanted


class _Queue:
    """Bounded by the windows of the relays, which hand over no more than they may have under way."""

    def __init__(self) -> None:
        self._entries: deque[_Entry] = deque()
        self._filled = asyncio.Event()

    def put(self, entry: _Entry) -> None:
        self._entries.append(entry)
        self._filled.set()

    def wake(self) -> None:
        self._filled.set()

    async def take(self, most: int, stop: asyncio.Event) -> list[_Entry]:
        """What has arrived, up to `most`, without waiting for more; nothing only at the end."""
        while not stop.is_set():
            taken: list[_Entry] = []
            while self._entries and len(taken) < most:
                entry = self._entries.popleft()
                if entry.wanted():
                    taken.append(entry)
            if taken:
                return taken
            self._filled.clear()
            await self._filled.wait()
        return []


class _BusPublisher:
    """Of one term of a relay. What it had under way when it ended is published again by the next."""

    stall_timeout = None

    def __init__(self, by_type: dict[str, list[_Queue]], listener: PublishListener) -> None:
        self.closed = False
        self._by_type = by_type
        self._listener = listener

    async def send(self, rows: Sequence[OutboxRow]) -> None:
        for row in rows:
            queues = self._by_type.get(row.type, ())
            if not queues:
                self._listener.settled([row], Outcome.CONFIRMED)
                continue
            settle = self._countdown(row, len(queues))
            for queue in queues:
                queue.put(_Entry(Delivery(row.body, row.id), settle, self._is_open))

    def _is_open(self) -> bool:
        return not self.closed

    def _countdown(self, row: OutboxRow, subscribers: int) -> Callable[[], None]:
        left = subscribers

        def settle() -> None:
            nonlocal left
            left -= 1
            if not left and not self.closed:
                self._listener.settled([row], Outcome.CONFIRMED)

        return settle


class _VerdictStore:
    """Keeps what was not done in the subscriber's own database."""

    def __init__(self, queue: str, processor: Processor, consumption: Consumption, delays: Sequence[timedelta]) -> None:
        self._queue = queue
        self._processor = processor
        self._database = consumption.database
        self._delays = delays

    async def keep(self, deliveries: Sequence[Delivery], verdicts: Sequence[Verdict]) -> bool:
        """True if something was postponed. Waits for the database as long as it is away."""
        later: list[Postponed] = []
        dead: list[DeadLetter] = []
        for delivery, verdict in zip(deliveries, verdicts, strict=True):
            match verdict:
                case TryAgain(message_id, tier, attempts, waits):
                    later.append(Postponed(message_id, delivery.body, attempts, waits, self._delays[tier]))
                case Dead():
                    dead.append(self._letter(delivery, verdict))
                case _:
                    pass
        if later or dead:
            await self._processor.hold_until_done(lambda: self._store(later, dead))
        return bool(later)

    def _letter(self, delivery: Delivery, verdict: Dead) -> DeadLetter:
        return DeadLetter(
            message_id=verdict.message_id,
            queue=self._queue,
            type=verdict.type,
            subject=verdict.subject,
            body=delivery.body,
            failure=verdict.code,
            detail=verdict.detail,
            attempts=verdict.attempts,
        )

    async def _store(self, later: Sequence[Postponed], dead: Sequence[DeadLetter]) -> None:
        async with self._database.unit_of_work() as work:
            if later:
                await delayed_store.insert(work, self._queue, later)
            if dead:
                await dead_letter_store.insert(work, dead)
