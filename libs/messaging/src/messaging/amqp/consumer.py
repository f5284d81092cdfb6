"""Serves a service's queues on the broker: the delivery rules decide, this carries it out."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial

from messaging.amqp import headers, names
from messaging.amqp.side_publisher import SideMessage, SidePublisher
from messaging.amqp.wire.connection import Connection
from messaging.amqp.wire.consuming import Arrived, ConsumingChannel
from messaging.dead_letters import store as dead_letter_store
from messaging.delayed.pump import DelayedPump
from messaging.delayed.store import DelayedMessage
from messaging.inbox.delivery import Dead, TryAgain
from messaging.inbox.processor import Processor
from messaging.transport import Consumption

logger = logging.getLogger(__name__)

LONGEST_PAUSE_SECONDS = 2.0
# Under load a queue's messages share a commit with those of this time. At rest nothing waits: it counts from the batch
# before. A full batch is taken at once.
GATHER_SECONDS = 0.05
DRAIN_BATCH = 50

Handle = Callable[[Sequence[Arrived]], Awaitable[None]]


class QueueServer:
    """All queues of one service over one connection, and the drain of its dead letters."""

    def __init__(self, url: str, delays: Sequence[timedelta], consumption: Consumption, attached: set[str]) -> None:
        self._url = url
        self._consumption = consumption
        self._attached = attached
        self._service = consumption.service
        self._tiers = headers.tier_names(consumption.service, delays)
        self._dead_queue = names.dead_queue(consumption.service)
        self._side = SidePublisher(url, f"{consumption.service} retries")
        self._lock = asyncio.Lock()
        self._connection: Connection | None = None
        self._channels: set[ConsumingChannel] = set()

    async def run(self) -> None:
        processors = self._consumption.processors
        if not processors:
            await self._consumption.stop.wait()
            return
        pump = DelayedPump(self._consumption.database, list(processors), self._bring_back)
        try:
            async with asyncio.TaskGroup() as group:
                pumping = group.create_task(pump.run())
                lines = [
                    group.create_task(self._serve(queue, processor.subscription.batch, partial(self._work, queue)))
                    for queue, processor in processors.items()
                ]
                drain = partial(self._drain, next(iter(processors.values())))
                lines.append(group.create_task(self._serve(self._dead_queue, DRAIN_BATCH, drain)))
                await self._consumption.stop.wait()
                for channel in self._channels:
                    channel.stop()
                await asyncio.gather(*lines)
                pumping.cancel()
        finally:
            await self._side.close()
            if self._connection is not None:
                await self._connection.close()

    async def _serve(self, queue: str, batch: int, handle: Handle) -> None:
        """Attaches again and again until the end. What was taken and not acknowledged comes again."""
        pause = 0.1
        while not self._consumption.stop.is_set():
            try:
                channel = ConsumingChannel(await self._connected(), queue, prefetch=2 * batch)
                self._channels.add(channel)
                try:
                    await channel.open()
                    self._attached.add(queue)
                    pause = 0.1
                    if self._consumption.stop.is_set():
                        channel.stop()
                    gather_until = 0.0
                    while arrived := await channel.take(batch, gather_until):
                        gather_until = asyncio.get_running_loop().time() + GATHER_SECONDS
                        await handle(arrived)
                        channel.ack_up_to(arrived[-1].tag)
                finally:
                    self._attached.discard(queue)
                    self._channels.discard(channel)
                    await channel.close()
            except (ConnectionError, TimeoutError) as error:
                if self._consumption.stop.is_set():
                    return
                logger.warning("%s is not consumed for now: %s", queue, error)
                await self._pause(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _connected(self) -> Connection:
        async with self._lock:
            if self._connection is None or self._connection.error is not None:
                self._connection = await Connection.connect(self._url, f"{self._service} consumers")
            return self._connection

    async def _work(self, queue: str, arrived: Sequence[Arrived]) -> None:
        processor = self._consumption.processors[queue]
        deliveries = [headers.delivery_of(message) for message in arrived]
        verdicts = await processor.process(deliveries)
        aside: list[SideMessage] = []
        for delivery, verdict in zip(deliveries, verdicts, strict=True):
            if isinstance(verdict, TryAgain):
                aside.append(headers.retry_message(queue, self._tiers[verdict.tier], delivery, verdict))
            elif isinstance(verdict, Dead):
                aside.append(headers.dead_message(queue, self._dead_queue, delivery, verdict))
        if aside:
            await self._put_aside(aside)

    async def _put_aside(self, messages: Sequence[SideMessage]) -> None:
        """Returns when the broker has them; until then their originals are not acknowledged."""
        pause = 0.1
        while True:
            try:
                return await self._side.publish(messages)
            except (ConnectionError, TimeoutError) as error:
                if self._connection is None or self._connection.error is not None:
                    raise
                logger.warning("%d messages cannot be put aside yet: %s", len(messages), error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _bring_back(self, messages: Sequence[DelayedMessage]) -> None:
        await self._side.publish([headers.returning_message(message) for message in messages])

    async def _drain(self, holder: Processor, arrived: Sequence[Arrived]) -> None:
        letters = [headers.dead_letter_of(message, self._dead_queue) for message in arrived]

        async def store() -> None:
            async with self._consumption.database.unit_of_work() as work:
                await dead_letter_store.insert(work, letters)

        await holder.hold_until_done(store)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._consumption.stop.wait()
        except TimeoutError:
            return
