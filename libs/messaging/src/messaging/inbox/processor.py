"""One subscription's delivery rule: inbox entry, effects and events of a batch commit together, or not at all."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby
from typing import TypeVar

from contracts.envelope import Trace
from contracts.event import Event

from messaging.counters import Counters
from messaging.database import Database
from messaging.inbox import store
from messaging.inbox.decoding import Item, decode
from messaging.inbox.delivery import DONE, Dead, Delivery, TryAgain, Verdict
from messaging.inbox.failures import DATABASE_AWAY, DATABASE_TROUBLE, MAX_WAITS, Failure, classify
from messaging.subscription import Handler, Ordering, Received, Subscription
from messaging.trace import current_trace

logger = logging.getLogger(__name__)

T = TypeVar("T")

# From this redelivery on, a message may be what kills the process: it is tried alone, and the tries are counted.
SUSPECT_REDELIVERIES = 3
CRASHES_ALLOWED = 3
# In-place tries while the database answers; after them the message itself is to blame.
PATIENCE = 3
LONGEST_PAUSE_SECONDS = 5.0


class Processor:
    """Turns deliveries into verdicts. Safe to repeat: what was committed before is recognised by the inbox."""

    def __init__(self, database: Database, subscription: Subscription, tiers: int, counters: Counters) -> None:
        self.subscription = subscription
        self._database = database
        self._tiers = tiers
        self._counters = counters
        self._handlers = {event_class.type: handler for event_class, handler in subscription.handlers.items()}
        self._wanted = frozenset(subscription.handlers)

    async def process(self, deliveries: Sequence[Delivery]) -> list[Verdict]:
        """A verdict per delivery, in their order. Waits for the database as long as it is away."""
        items = [decode(delivery, self._wanted) for delivery in deliveries]
        readable = [item for item in items if item.received is not None]
        suspects = [item for item in readable if item.delivery.redeliveries >= SUSPECT_REDELIVERIES]
        ordinary = [item for item in readable if item.delivery.redeliveries < SUSPECT_REDELIVERIES]
        if ordinary:
            await self._together(ordinary)
        if suspects:
            await self._one_by_one(suspects)
        self._count([item.verdict for item in items])
        return [item.verdict for item in items]

    async def hold_until_done(self, action: Callable[[], Awaitable[T]]) -> T:
        """Runs the action again and again while the database is away. An unknown commit is tried again, too."""
        pause, failures = 0.05, 0
        while True:
            try:
                return await action()
            except DATABASE_TROUBLE as error:
                away = isinstance(error, DATABASE_AWAY) or not await self._database_answers()
                failures = 0 if away else failures + 1
                if failures >= PATIENCE:
                    raise
                self._counters.database_waits += 1
                logger.warning("%s holds its messages: %s", self.subscription.name, type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _database_answers(self) -> bool:
        try:
            async with asyncio.timeout(6):
                return await store.answers(self._database)
        except DATABASE_TROUBLE:
            return False

    async def _together(self, items: Sequence[Item]) -> None:
        try:
            await self.hold_until_done(lambda: self._apply(items))
        except Exception as error:  # noqa: BLE001 -- a handler may raise anything; the verdict says what becomes of it
            if len(items) == 1:
                items[0].verdict = self._judge(items[0], error)
                return
            for item in items:
                await self._together([item])

    async def _one_by_one(self, suspects: list[Item]) -> None:
        ids = [item.message_id for item in suspects]
        name = self.subscription.name
        tries = await self.hold_until_done(lambda: store.read_tries(self._database, name, ids))
        # Innocents first: each crash of a later one would count against them as well.
        for item in sorted(suspects, key=lambda item: tries.get(item.message_id, 0)):
            if tries.get(item.message_id, 0) >= CRASHES_ALLOWED:
                item.verdict = item.dead(Failure("crash-loop", "the process died each time it was handled"))
            else:
                await self.hold_until_done(lambda item=item: store.count_try(self._database, name, item.message_id))
                await self._together([item])
            await self.hold_until_done(lambda item=item: store.forget_suspect(self._database, name, item.message_id))

    async def _apply(self, items: Sequence[Item]) -> None:
        async with self._database.unit_of_work() as work:
            new = await store.insert_new(work, self.subscription.name, [item.message_id for item in items])
            fresh: list[Received[Event]] = []
            for item in items:
                if item.received is not None and item.message_id in new:
                    new.remove(item.message_id)
                    fresh.append(item.received)
            for handler, group in self._groups(fresh):
                token = current_trace.set(group[0].envelope.trace if len(group) == 1 else Trace())
                try:
                    await handler(work, group)
                finally:
                    current_trace.reset(token)
        self._counters.handled += len(fresh)
        self._counters.repeats += len(items) - len(fresh)
        self._counters.batches += 1

    def _groups(self, batch: list[Received[Event]]) -> list[tuple[Handler, list[Received[Event]]]]:
        """Runs of one type; where the order does not matter, one group per handler, whose types come mixed."""
        if self.subscription.ordering is Ordering.COMMUTATIVE:
            groups: dict[Handler, list[Received[Event]]] = {}
            for received in batch:
                groups.setdefault(self._handlers[received.event.type], []).append(received)
            return list(groups.items())
        runs = groupby(batch, lambda received: received.event.type)
        return [(self._handlers[event_type], list(group)) for event_type, group in runs]

    def _judge(self, item: Item, error: Exception) -> Verdict:
        failure = classify(error)
        attempts, waits = item.delivery.attempts, item.delivery.waits
        if failure.waiting and waits < MAX_WAITS:
            return TryAgain(item.message_id, 0, attempts, waits + 1)
        if failure.permanent or attempts >= self._tiers:
            logger.error("%s gives up on %s: %s", self.subscription.name, item.message_id, failure.code)
            return item.dead(failure)
        logger.warning("%s will retry %s: %s", self.subscription.name, item.message_id, failure.code)
        return TryAgain(item.message_id, attempts, attempts + 1, waits)

    def _count(self, verdicts: Sequence[Verdict]) -> None:
        for verdict in verdicts:
            if verdict is DONE:
                continue
            if isinstance(verdict, Dead):
                self._counters.dead_lettered += 1
            else:
                self._counters.retried += 1
