"""Services with databases of their own on a bus or a broker: the same scenarios run on both."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from itertools import count
from typing import Any
from uuid import UUID

import aio_pika
import asyncpg
import pytest
import pytest_asyncio
from aio_pika.abc import AbstractQueue
from contracts.envelope import decode_envelope
from contracts.event import Event
from contracts.events.intake import SuppressionAddedV1, SuppressionRemovedV1
from contracts.ids import new_uuid
from embedded import PostgresServer, RabbitServer
from messaging.amqp import AmqpTransport, names
from messaging.amqp.topology import declare_topology
from messaging.database import Database
from messaging.embedded_bus import EmbeddedBus
from messaging.schema import CREATE_FORGOTTEN, CREATE_TABLES
from messaging.subscription import Handler, Ordering, Received, Subscription, each
from messaging.transport import Transport
from messaging.unit_of_work import UnitOfWork
from messaging.worker import Worker
from servicekit.roles import Roles
from servicekit.testing import service_url

DELAYS = tuple(timedelta(milliseconds=ms) for ms in (50, 60, 70))
PUBLISHER = "alpha-svc"
ROLES = Roles("test_messaging")
_numbers = count(1)

CREATE_EFFECTS = "CREATE TABLE effects (n bigint GENERATED ALWAYS AS IDENTITY, message_id uuid, subject text)"


def happened(subject: str = "s1", value: str = "v") -> SuppressionAddedV1:
    return SuppressionAddedV1(suppression_id=subject, kind="email", value=value, scope="global")


def removed(subject: str) -> SuppressionRemovedV1:
    return SuppressionRemovedV1(suppression_id=subject, kind="email", value="v", scope="global")


async def note_effect(work: UnitOfWork, received: Received[Event]) -> None:
    await work.execute(
        "INSERT INTO effects (message_id, subject) VALUES ($1, $2)", received.envelope.id, received.event.subject
    )


def hears(
    handler: Callable[[UnitOfWork, Received[Any]], Awaitable[None]] | None = None,
    *,
    name: str = "things",
    event_class: type[Event] = SuppressionAddedV1,
    batch: int = 50,
    ordering: Ordering = Ordering.COMMUTATIVE,
    others: Sequence[type[Event]] = (),
) -> Subscription:
    """A subscription whose handler writes down each message that takes effect."""
    handle: Handler = each(handler or note_effect)
    handlers = dict.fromkeys((event_class, *others), handle)
    return Subscription(name=name, ordering=ordering, handlers=handlers, batch=batch)


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    """Asks again until it is so; fails when the time is up."""
    async with asyncio.timeout(seconds):
        while not await check():  # noqa: ASYNC110 -- what it waits for happens in a database or another process
            await asyncio.sleep(0.02)


async def create_database(server: PostgresServer) -> str:
    """Its address for a role as a service has it: it owns nothing."""
    name = f"messaging_{next(_numbers)}"
    await ROLES.provide(server.dsn(), name, ROLES.login)
    connection = await asyncpg.connect(ROLES.owner_dsn(server.dsn(), name))
    # The server may be one whose other databases live for a test each; here a commit must survive a kill.
    await connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = on")
    for statement in (*CREATE_TABLES, CREATE_FORGOTTEN, CREATE_EFFECTS):
        await connection.execute(statement)
    await connection.close()
    await ROLES.grant(server.dsn(), name)
    return ROLES.login_dsn(server.dsn(), name, ROLES.login)


@dataclass
class Side:
    """One service in a scenario."""

    name: str
    database: Database
    subscriptions: Sequence[Subscription]

    async def publish(self, *events: Event) -> list[UUID]:
        async with self.database.unit_of_work() as work:
            return [work.publish(event, sequence=number).id for number, event in enumerate(events, 1)]

    async def effects(self) -> list[UUID]:
        return [row[0] for row in await self.database.pool.fetch("SELECT message_id FROM effects ORDER BY n")]

    async def outbox(self) -> int:
        return await self.database.pool.fetchval("SELECT count(*) FROM outbox")

    async def dead(self) -> list[asyncpg.Record]:
        return await self.database.pool.fetch("SELECT * FROM dead_letters ORDER BY died_at")


@dataclass
class World:
    """Services and what carries their messages."""

    kind: str
    make_transport: Callable[[], Transport]
    url: str
    postgres: PostgresServer
    sides: dict[str, Side] = field(default_factory=dict[str, Side])
    running: dict[Worker, asyncio.Task[None]] = field(default_factory=dict[Worker, asyncio.Task[None]])

    async def open(self, services: Mapping[str, Sequence[Subscription]]) -> list[Side]:
        """Declares the topology and opens the databases, the publisher's first; nothing runs yet."""
        all_services = {PUBLISHER: (), **services}
        if self.url:
            await declare_topology(self.url, all_services, delays=DELAYS)
        for name, subscriptions in all_services.items():
            database = await Database.connect(await create_database(self.postgres), source=f"/leadwire/{name}")
            self.sides[name] = Side(name, database, subscriptions)
        return list(self.sides.values())

    def workers(self) -> list[Worker]:
        """A worker per service on one new transport."""
        transport = self.make_transport()
        return [Worker(side.name, side.database, side.subscriptions, transport) for side in self.sides.values()]

    async def start(self) -> list[Worker]:
        workers = self.workers()
        for worker in workers:
            self.running[worker] = asyncio.create_task(worker.run())
        return workers

    async def stop(self, *, kill: bool = False) -> None:
        """Gracefully, or as if the process had been killed."""
        for worker, task in self.running.items():
            if kill:
                task.cancel()
            else:
                worker.stop()
        async with asyncio.timeout(40):
            results = await asyncio.gather(*self.running.values(), return_exceptions=True)
        self.running.clear()
        failures = [r for r in results if isinstance(r, BaseException) and not isinstance(r, asyncio.CancelledError)]
        if failures:
            raise failures[0]

    async def close(self) -> None:
        await self.stop(kill=True)
        for side in self.sides.values():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(side.database.close(), 5)
        if self.url:
            await remove_queues(self.url, self.sides.values())


async def remove_queues(url: str, sides: Iterable[Side]) -> None:
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        for side in sides:
            queues = [f"{side.name}.{subscription.name}" for subscription in side.subscriptions]
            tiers = [names.retry_tier(side.name, delay) for delay in DELAYS]
            for queue in (*queues, *tiers, names.dead_queue(side.name)):
                await channel.queue_delete(queue)


@pytest_asyncio.fixture(loop_scope="session", params=["embedded", "rabbitmq"])
async def world(request: pytest.FixtureRequest, postgres_server: PostgresServer) -> AsyncGenerator[World]:
    if request.param == "embedded":
        made = World("embedded", lambda: EmbeddedBus(delays=DELAYS), "", postgres_server)
    else:
        made = amqp_world_on(request.getfixturevalue("rabbit_server"), postgres_server)
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def amqp_world(rabbit_server: RabbitServer, postgres_server: PostgresServer) -> AsyncGenerator[World]:
    made = amqp_world_on(rabbit_server, postgres_server)
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def small_queue(amqp_world: World) -> AsyncGenerator[AbstractQueue]:
    """Refuses from ten messages on; hears a type that no service hears."""
    await declare_topology(amqp_world.url, {})
    connection = await aio_pika.connect(amqp_world.url)
    async with connection:
        channel = await connection.channel()
        arguments: dict[str, Any] = {"x-queue-type": "quorum", "x-overflow": "reject-publish", "x-max-length": 10}
        small = await channel.declare_queue("small-test-queue", durable=True, arguments=arguments)
        await small.bind("leadwire.events", "intake.suppression.removed.v1")
        yield small
        await channel.queue_delete("small-test-queue")


def amqp_world_on(rabbit: RabbitServer, postgres: PostgresServer) -> World:
    """The services connect as a user that declares nothing, and publishes events of one context only."""
    return World("rabbitmq", lambda: AmqpTransport(_url_of_services(rabbit), delays=DELAYS), rabbit.url(), postgres)


@cache
def _url_of_services(rabbit: RabbitServer) -> str:
    """One user for all of the scenario's, whose names end alike."""
    return service_url(rabbit, "services", "intake", queues=r"[a-z]+-svc")


class Harness:
    """What the tests share; test files are no package, so it comes as a fixture."""

    DELAYS = DELAYS
    asyncio = asyncio
    timedelta = timedelta
    new_uuid = staticmethod(new_uuid)
    happened = staticmethod(happened)
    removed = staticmethod(removed)
    hears = staticmethod(hears)
    note_effect = staticmethod(note_effect)
    eventually = staticmethod(eventually)
    create_database = staticmethod(create_database)

    def id_of(self, body: bytes) -> UUID:
        return decode_envelope(body).id

    def amqp(self, url: str) -> Callable[[], Transport]:
        return lambda: AmqpTransport(url, delays=DELAYS)

    async def connect(self, world: World, side: Side) -> Database:
        """The side's database as another process would open it."""
        name = str(await side.database.pool.fetchval("SELECT current_database()"))
        dsn = ROLES.login_dsn(world.postgres.dsn(), name, ROLES.login)
        return await Database.connect(dsn, source=side.database.source)

    async def has(self, side: Side, effects: int) -> bool:
        return len(await side.effects()) >= effects

    async def has_dead(self, side: Side, letters: int) -> bool:
        return len(await side.dead()) >= letters

    async def is_empty(self, side: Side) -> bool:
        return not await side.outbox()


@pytest.fixture
def h() -> Harness:
    return Harness()
