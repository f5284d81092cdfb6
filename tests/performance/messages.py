"""P6 and P7: relay and consumer against what the wire allows."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiormq
import asyncpg
from contracts.envelope import OutgoingMessage, Trace
from contracts.envelope import encode as encode_event
from contracts.event import Event
from contracts.events.intake import SuppressionAddedV1, SuppressionRemovedV1
from messaging.amqp import AmqpTransport, names
from messaging.amqp.topology import declare_topology
from messaging.database import Database
from messaging.schema import CREATE_FORGOTTEN, CREATE_TABLES
from messaging.subscription import Ordering, Received, Subscription
from messaging.unit_of_work import INSERT_OUTBOX, UnitOfWork, outbox_columns
from messaging.worker import Worker
from servicekit.server import settle_memory

from performance.bare_amqp import BareWriter, encode
from performance.figures import Figure, Run, Target, alternating
from performance.machines import postgres, rabbit

PAYLOAD = "y" * 400
BARE_BATCH, BARE_IN_FLIGHT = 500, 1000
QUEUE = "bench-hearing-svc.things"
LOOK_SECONDS = 0.002
TABLES = (*CREATE_TABLES, CREATE_FORGOTTEN, "CREATE TABLE effects (id uuid PRIMARY KEY, value text NOT NULL)")
EFFECT = "INSERT INTO effects (id, value) SELECT * FROM unnest($1::uuid[], $2::text[])"


async def _note_and_tell(work: UnitOfWork, batch: Sequence[Received[Event]]) -> None:
    """The effect of a message: a row, and an event of its own."""
    await work.execute(EFFECT, [r.envelope.id for r in batch], [r.event.subject for r in batch])
    for received in batch:
        told = SuppressionRemovedV1(suppression_id=received.event.subject, kind="email", value=PAYLOAD, scope="global")
        work.publish(told, sequence=2, trace=received.envelope.trace)


HEARING = Subscription(
    name="things", ordering=Ordering.COMMUTATIVE, handlers={SuppressionAddedV1: _note_and_tell}, batch=50
)


class Wire:
    """One broker and one PostgreSQL; every measurement begins with empty queues."""

    def __init__(self, url: str, dsn: str, count: int) -> None:
        self.url, self.dsn, self.count = url, dsn, count
        self.messages = [_message(n) for n in range(count)]

    async def prepare(self) -> None:
        await declare_topology(self.url, {"bench-telling-svc": [], "bench-hearing-svc": [HEARING]})
        connection = await asyncpg.connect(self.dsn)
        for statement in TABLES:
            await connection.execute(statement)
        await connection.close()

    async def bare_publish(self) -> dict[str, float]:
        await self._purge()
        frames = [encode(names.EVENTS, SuppressionAddedV1.type, m.id, m.body) for m in self.messages]
        batches = [b"".join(frames[at : at + BARE_BATCH]) for at in range(0, self.count, BARE_BATCH)]
        writer = await BareWriter.connect(self.url)
        began = time.perf_counter()
        await writer.publish(batches, BARE_BATCH, self.count, BARE_IN_FLIGHT)
        seconds = time.perf_counter() - began
        writer.close()
        return {"rate": self.count / seconds}

    async def relay(self) -> dict[str, float]:
        """From rows in the outbox to the last one confirmed and deleted."""
        await self._purge()
        async with self._database("bench-telling-svc") as database:
            await database.pool.execute(INSERT_OUTBOX, *outbox_columns(self.messages))
            await database.pool.execute("VACUUM ANALYZE outbox")
            worker = Worker("bench-telling-svc", database, [], AmqpTransport(self.url))
            figures = await self._measure(worker, lambda: worker.counters.published)
            left = await database.pool.fetchval("SELECT count(*) FROM outbox")
        if left:
            raise RuntimeError(f"the relay has left {left} rows")
        return figures

    async def bare_consume(self) -> dict[str, float]:
        """An ack for 50 at a time, and nothing done with the messages."""
        await self.bare_publish()
        connection = await aiormq.connect(self.url)
        channel = await connection.channel()
        await channel.basic_qos(prefetch_count=1000)
        done, seen = asyncio.Event(), 0

        async def take(message: Any) -> None:
            nonlocal seen
            seen += 1
            if seen % 50 == 0 or seen == self.count:
                await channel.basic_ack(message.delivery.delivery_tag, multiple=True, wait=False)
            if seen == self.count:
                done.set()

        began = time.perf_counter()
        await channel.basic_consume(QUEUE, take)
        await done.wait()
        seconds = time.perf_counter() - began
        await connection.close()
        return {"rate": self.count / seconds}

    async def consumer(self) -> dict[str, float]:
        """Inbox, effect and outbox committed, and acknowledged. No relay runs beside it: that is P6."""
        await self.bare_publish()
        async with self._database("bench-hearing-svc") as database:
            await database.pool.execute("UPDATE relay_lease SET expires_at = 'infinity'")
            worker = Worker("bench-hearing-svc", database, [HEARING], AmqpTransport(self.url))
            figures = await self._measure(worker, lambda: worker.counters.handled)
            await database.pool.execute("UPDATE relay_lease SET expires_at = '-infinity'")
            effects = await database.pool.fetchval("SELECT count(*) FROM effects")
        if effects != self.count:
            raise RuntimeError(f"{self.count} messages had {effects} effects")
        return {**figures, "batch": worker.counters.handled / worker.counters.batches}

    async def _measure(self, worker: Worker, done: Any) -> dict[str, float]:
        settle_memory()
        cpu, began = time.process_time(), time.perf_counter()
        running = asyncio.create_task(worker.run())
        while done() < self.count and not running.done():  # noqa: ASYNC110 -- a counter has no event
            await asyncio.sleep(LOOK_SECONDS)
        seconds = time.perf_counter() - began
        cpu = time.process_time() - cpu
        worker.stop()
        await running
        return {"rate": self.count / seconds, "cpu": cpu / self.count * 1e6}

    @asynccontextmanager
    async def _database(self, service: str) -> AsyncGenerator[Database]:
        database = await Database.connect(self.dsn, source=f"/leadwire/{service}")
        try:
            await database.pool.execute("TRUNCATE outbox, inbox, effects")
            yield database
        finally:
            await database.close()

    async def _purge(self) -> None:
        connection = await aiormq.connect(self.url)
        channel = await connection.channel()
        for queue in (QUEUE, names.UNHEARD):
            await channel.queue_purge(queue)
        await connection.close()


def _message(number: int) -> OutgoingMessage:
    event = SuppressionAddedV1(suppression_id=f"s{number}", kind="email", value=PAYLOAD, scope="global")
    return encode_event(event, source="/leadwire/bench-telling-svc", sequence=1, trace=Trace())


async def measure(run: Run) -> list[Figure]:
    with postgres() as database, rabbit() as broker:
        wire = Wire(broker.url(), database.dsn(), run.pick(30_000, 4_000))
        await wire.prepare()
        cases = {
            "bare publish": wire.bare_publish,
            "relay": wire.relay,
            "bare consume": wire.bare_consume,
            "consumer": wire.consumer,
        }
        seen = await alternating(run.rounds, cases)
    relay, consumer = seen["relay"], seen["consumer"]
    return [
        Figure(
            case="P6 relay",
            product=relay["rate"],
            unit="messages/s",
            limit=seen["bare publish"]["rate"],
            limit_name="bare batch writer, confirms",
            target=Target(first=0.15, goal=0.50),
            details={"client CPU µs a message": relay["cpu"]},
        ),
        Figure(
            case="P7 consumer",
            product=consumer["rate"],
            unit="messages/s",
            limit=seen["bare consume"]["rate"],
            limit_name="bare aiormq, multi-ack",
            target=Target(first=0.25, goal=0.70),
            details={"client CPU µs a message": consumer["cpu"], "mean batch": consumer["batch"]},
        ),
    ]
