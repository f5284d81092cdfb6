"""P6 and P7: the relay and the consumer beside what the broker's wire allows, in alternating rounds of one run.

`run(url, make_dsn)` returns the figures; as a program it starts private servers and prints them.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiormq
import asyncpg
import uvloop
from contracts.envelope import OutgoingMessage, Trace, encode
from contracts.event import Event
from contracts.events.intake import SuppressionAddedV1, SuppressionRemovedV1
from embedded import PostgresServer, RabbitServer
from messaging.amqp import AmqpTransport, names
from messaging.amqp.topology import declare_topology
from messaging.amqp.wire import frames
from messaging.amqp.wire.connection import Connection
from messaging.amqp.wire.publishing import PublishingChannel
from messaging.database import Database
from messaging.schema import CREATE_TABLES
from messaging.subscription import Ordering, Received, Subscription
from messaging.transport import Outcome
from messaging.unit_of_work import INSERT_OUTBOX, UnitOfWork, outbox_columns
from messaging.worker import Worker

PAYLOAD = "y" * 400
BARE_BATCH = 500
BARE_IN_FLIGHT = 1000
EFFECT = "INSERT INTO effects (id, value) SELECT * FROM unnest($1::uuid[], $2::text[])"


async def note_and_tell(work: UnitOfWork, batch: Sequence[Received[Event]]) -> None:
    """The effect of P7: a row and an event per message."""
    await work.execute(EFFECT, [r.envelope.id for r in batch], [r.event.subject for r in batch])
    for received in batch:
        told = SuppressionRemovedV1(suppression_id=received.event.subject, kind="email", value=PAYLOAD, scope="global")
        work.publish(told, sequence=2, trace=received.envelope.trace)


def subscription(batch: int) -> Subscription:
    return Subscription(
        name="things", ordering=Ordering.COMMUTATIVE, handlers={SuppressionAddedV1: note_and_tell}, batch=batch
    )


def messages(count: int) -> list[OutgoingMessage]:
    return [
        encode(
            SuppressionAddedV1(suppression_id=f"s{n}", kind="email", value=PAYLOAD, scope="global"),
            source="/leadwire/alpha-svc",
            sequence=1,
            trace=Trace(),
        )
        for n in range(count)
    ]


class Rates:
    """One broker and one PostgreSQL; each measurement begins with empty queues."""

    def __init__(self, url: str, dsn: str, count: int, batch: int) -> None:
        self.url, self.dsn, self.count = url, dsn, count
        self.work = subscription(batch)
        self.queue = "beta-svc.things"

    async def prepare(self) -> None:
        await declare_topology(self.url, {"alpha-svc": [], "beta-svc": [self.work]}, max_length=2_000_000)
        connection = await asyncpg.connect(self.dsn)
        for statement in (*CREATE_TABLES, "CREATE TABLE effects (id uuid PRIMARY KEY, value text)"):
            await connection.execute(statement)
        await connection.close()

    async def purge(self) -> None:
        connection = await aiormq.connect(self.url)
        channel = await connection.channel()
        await channel.queue_purge(self.queue)
        await channel.queue_purge(names.UNHEARD)
        await connection.close()

    async def bare_publish(self) -> float:
        """Pre-encoded frames to the exchange, two batches in flight, every message confirmed."""
        await self.purge()
        return await self._fill(messages(self.count))

    async def _fill(self, outgoing: Sequence[OutgoingMessage]) -> float:
        confirmed, some = 0, asyncio.Event()

        def settle(done: list[int], outcome: Outcome) -> None:
            nonlocal confirmed
            assert outcome is Outcome.CONFIRMED  # noqa: S101 -- a benchmark of failures says nothing
            confirmed += len(done)
            some.set()

        connection = await Connection.connect(self.url, "bench")
        channel = PublishingChannel[int](connection, settle, str, lambda _: None)
        await channel.open()
        prefix = frames.publish_prefix(channel.number, names.EVENTS, SuppressionAddedV1.type)
        type_name = frames.short_string(SuppressionAddedV1.type)
        encoded = [
            prefix
            + frames.event_header(channel.number, frames.short_string(str(m.id)), type_name, len(m.body))
            + frames.body_frames(channel.number, m.body, connection.frame_max)
            for m in outgoing
        ]
        batches = [b"".join(encoded[at : at + BARE_BATCH]) for at in range(0, len(encoded), BARE_BATCH)]
        sent, began = 0, time.perf_counter()
        for batch in batches:
            size = min(BARE_BATCH, len(outgoing) - sent)
            await channel.send(range(sent, sent + size), batch)
            sent += size
            while sent - confirmed > BARE_IN_FLIGHT - BARE_BATCH and sent < len(outgoing):
                some.clear()
                await some.wait()
        while confirmed < len(outgoing):
            some.clear()
            await some.wait()
        seconds = time.perf_counter() - began
        await connection.close()
        return len(outgoing) / seconds

    async def relay(self) -> float:
        """Rows of the outbox, published, confirmed and deleted."""
        await self.purge()
        database = await Database.connect(self.dsn, source="/leadwire/alpha-svc")
        await database.pool.execute("TRUNCATE outbox")
        await database.pool.execute(INSERT_OUTBOX, *outbox_columns(messages(self.count)))
        await database.pool.execute("VACUUM ANALYZE outbox")
        worker = Worker("alpha-svc", database, [], AmqpTransport(self.url))
        cpu, began = time.process_time(), time.perf_counter()
        running = asyncio.create_task(worker.run())
        while worker.counters.published < self.count:  # noqa: ASYNC110 -- a counter has no event
            await asyncio.sleep(0.002)
        seconds = time.perf_counter() - began
        self.relay_cpu = (time.process_time() - cpu) / self.count * 1e6
        worker.stop()
        await running
        await database.close()
        return self.count / seconds

    async def bare_consume(self) -> float:
        """aiormq, an ack for 50 at a time; nothing is done with the messages."""
        await self.purge()
        await self._fill(messages(self.count))
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
        await channel.basic_consume(self.queue, take)
        await done.wait()
        seconds = time.perf_counter() - began
        await connection.close()
        return self.count / seconds

    async def consumer(self) -> float:
        """Inbox, effect and outbox committed, and acknowledged. No relay runs: it has its own figure."""
        await self.purge()
        await self._fill(messages(self.count))
        database = await Database.connect(self.dsn, source="/leadwire/beta-svc")
        await database.pool.execute("TRUNCATE outbox, inbox, effects")
        worker = Worker("beta-svc", database, [self.work], AmqpTransport(self.url))
        await database.pool.execute("DELETE FROM relay_lease")
        cpu, began = time.process_time(), time.perf_counter()
        running = asyncio.create_task(worker.run())
        while worker.counters.handled < self.count:  # noqa: ASYNC110 -- a counter has no event
            await asyncio.sleep(0.002)
        seconds = time.perf_counter() - began
        self.consumer_cpu = (time.process_time() - cpu) / self.count * 1e6
        self.mean_batch = worker.counters.handled / worker.counters.batches
        worker.stop()
        await running
        await database.pool.execute("INSERT INTO relay_lease (token, expires_at) VALUES (0, '-infinity')")
        await database.close()
        return self.count / seconds

    async def latency(self, rounds: int = 200) -> list[float]:
        """Milliseconds from a commit to the handler, relay and consumer at rest before each."""
        await self.purge()
        database = await Database.connect(self.dsn, source="/leadwire/alpha-svc")
        await database.pool.execute("TRUNCATE outbox, inbox, effects")
        heard: asyncio.Queue[float] = asyncio.Queue()

        async def hear(_: UnitOfWork, batch: Sequence[Received[Event]]) -> None:
            for _one in batch:
                heard.put_nowait(time.perf_counter())

        listening = replace(self.work, handlers={SuppressionAddedV1: hear})
        worker = Worker("beta-svc", database, [listening], AmqpTransport(self.url))
        running = asyncio.create_task(worker.run())
        taken: list[float] = []
        for n in range(rounds):
            async with database.unit_of_work() as work:
                event = SuppressionAddedV1(suppression_id=f"s{n}", kind="email", value=PAYLOAD, scope="global")
                work.publish(event, sequence=1)
            committed = time.perf_counter()
            taken.append((await heard.get() - committed) * 1000)
        worker.stop()
        await running
        await database.close()
        return sorted(taken[10:])


async def run(url: str, dsn: str, *, count: int = 30_000, rounds: int = 3, batch: int = 50) -> dict[str, float]:
    """Medians over alternating rounds."""
    rates = Rates(url, dsn, count, batch)
    await rates.prepare()
    cases: dict[str, Callable[[], Awaitable[float]]] = {
        "bare publish": rates.bare_publish,
        "relay": rates.relay,
        "bare consume": rates.bare_consume,
        "consumer": rates.consumer,
    }
    results: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            results[name].append(await case())
    medians = {name: round(statistics.median(figures)) for name, figures in results.items()}
    latencies = await rates.latency()
    return {
        **medians,
        "P6": round(medians["relay"] / medians["bare publish"], 2),
        "P7": round(medians["consumer"] / medians["bare consume"], 2),
        "relay CPU µs": round(rates.relay_cpu, 1),
        "consumer CPU µs": round(rates.consumer_cpu, 1),
        "mean batch": round(rates.mean_batch, 1),
        "commit to handler p50 ms": round(latencies[len(latencies) // 2], 1),
        "commit to handler p99 ms": round(latencies[len(latencies) * 99 // 100], 1),
    }


def main() -> None:
    count, batch = (int(argument) for argument in (*sys.argv[1:], "30000", "50")[:2])
    with tempfile.TemporaryDirectory() as folder:
        postgres = PostgresServer(Path(folder) / "pg")
        rabbit = RabbitServer(Path(folder) / "mq", package_cache=Path(__file__).parents[3] / ".cache/packages")
        try:
            postgres.start()
            rabbit.start()
            figures = uvloop.run(run(rabbit.url(), postgres.dsn(), count=count, batch=batch))
            sys.stdout.write(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
        finally:
            postgres.stop()
            rabbit.kill()


if __name__ == "__main__":
    main()
