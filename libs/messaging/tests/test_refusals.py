"""Events that the broker does not let a service publish, and brokers that let it publish nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from aio_pika.abc import AbstractQueue
from contracts.events.intake import SuppressionAddedV1, SuppressionRemovedV1
from embedded import RabbitServer
from messaging import dead_letters
from messaging.amqp import AmqpTransport
from messaging.dead_letters import Choice
from messaging.worker import Worker
from servicekit.testing import service_url

FORBIDDEN = "the broker takes others from this service, and not this"
ADDED, REMOVED = r"^intake\.suppression\.added", r"^intake\.suppression\.removed"
EVERYTHING, NOTHING = r"^intake\.", "^$"


@dataclass
class Publisher:
    """The alpha service with a user of its own, whose rights change."""

    rabbit: RabbitServer
    url: str
    world: Any

    async def may_publish(self, types: str) -> None:
        await self._ctl("set_topic_permissions", "limited", "leadwire.events", types, NOTHING)

    async def may_write(self, names: str) -> None:
        await self._ctl("set_permissions", "limited", NOTHING, names, "^alpha-svc")

    async def may_send(self, most_bytes: int) -> None:
        await self._ctl("eval", f"application:set_env(rabbit, max_message_size, {most_bytes}).")

    async def _ctl(self, *args: str) -> None:
        await asyncio.to_thread(self.rabbit.ctl, *args)

    def start(self) -> Worker:
        alpha = self.world.sides["alpha-svc"]
        worker = Worker(alpha.name, alpha.database, [], AmqpTransport(self.url, delays=()))
        self.world.running[worker] = asyncio.create_task(worker.run())
        return worker

    async def stop(self, worker: Worker) -> None:
        worker.stop()
        await self.world.running.pop(worker)


@pytest.fixture
def publisher(amqp_world: Any, rabbit_server: RabbitServer) -> Publisher:
    url = service_url(rabbit_server, "limited", "intake")
    return Publisher(rabbit_server, url, amqp_world)


async def open_sides(world: Any, h: Any) -> Any:
    """Alpha's publishing is the test's; beta hears both types."""
    alpha, beta = await world.open({"beta-svc": [h.hears(others=[SuppressionRemovedV1])]})
    (_, consumer) = world.workers()
    world.running[consumer] = asyncio.create_task(consumer.run())
    return alpha, beta


def told(letters: Iterable[Any]) -> set[tuple[Any, ...]]:
    return {tuple(one[name] for name in ("queue", "type", "failure", "detail", "attempts")) for one in letters}


async def test_an_event_that_may_not_be_published_is_a_dead_letter_and_holds_up_nobody(
    amqp_world: Any, h: Any, publisher: Publisher
) -> None:
    """Also not what follows on its subject. Once the right is given, a replay publishes it under its own id."""
    alpha, beta = await open_sides(amqp_world, h)
    await publisher.may_publish(ADDED)
    worker = publisher.start()
    events = [h.removed(f"s{n}") if n % 10 == 3 else h.happened(f"s{n % 7}") for n in range(100)]
    ids = await alpha.publish(*events)
    forbidden = {
        identity for identity, event in zip(ids, events, strict=True) if event.type == SuppressionRemovedV1.type
    }
    await h.eventually(lambda: h.has(beta, 90))
    await h.eventually(lambda: h.has_dead(alpha, 10))
    assert await beta.effects() == [identity for identity in ids if identity not in forbidden]
    letters = await alpha.dead()
    assert {letter["message_id"] for letter in letters} == forbidden
    assert told(letters) == {("alpha-svc.outbox", SuppressionRemovedV1.type, "unpublishable", FORBIDDEN, 1)}
    assert await alpha.outbox() == 0
    assert worker.counters.relay_restarts == 0, "nothing had to start afresh"
    await publisher.may_publish(EVERYTHING)
    await publisher.stop(worker)  # a channel remembers for a while what it may do
    publisher.start()
    async with alpha.database.unit_of_work() as work:
        assert await dead_letters.replay(work, Choice(queue="alpha-svc.outbox"), by="usr_1", rate_per_second=100) == 10
    await h.eventually(lambda: h.has(beta, 100))
    assert set(await beta.effects()) == set(ids)


async def test_with_several_relays_each_event_is_published_or_a_dead_letter_once(
    amqp_world: Any, h: Any, publisher: Publisher
) -> None:
    """The leader ends among refusals, and another goes on."""
    alpha, beta = await open_sides(amqp_world, h)
    await publisher.may_publish(ADDED)
    workers = [publisher.start() for _ in range(3)]
    sent: dict[bool, set[Any]] = {True: set(), False: set()}
    for first in workers[:2]:
        for _ in range(10):
            allowed, forbidden = await alpha.publish(h.happened("s1"), h.removed("s1"))
            sent[True].add(allowed)
            sent[False].add(forbidden)
        await publisher.stop(first)
    await h.eventually(lambda: h.has(beta, 20))
    await h.eventually(lambda: h.has_dead(alpha, 20))
    assert set(await beta.effects()) == sent[True]
    assert {letter["message_id"] for letter in await alpha.dead()} == sent[False]
    await h.eventually(lambda: h.is_empty(alpha))


@pytest.mark.parametrize("refuses", ["every topic", "the exchange"])
async def test_a_broker_that_refuses_everything_makes_no_dead_letters(
    amqp_world: Any, h: Any, publisher: Publisher, refuses: str
) -> None:
    alpha, beta = await open_sides(amqp_world, h)
    changes: dict[str, Callable[[str], Awaitable[None]]] = {
        "every topic": publisher.may_publish,
        "the exchange": publisher.may_write,
    }
    await changes[refuses](NOTHING)
    worker = publisher.start()
    ids = await alpha.publish(h.happened("s1"), h.removed("s1"), h.happened("s2"), h.removed("s2"))

    async def tried() -> bool:
        return worker.counters.relay_restarts >= 3

    await h.eventually(tried)
    assert await alpha.outbox() == 4
    assert not await alpha.dead()
    await changes[refuses](EVERYTHING if refuses == "every topic" else "^leadwire")
    await h.eventually(lambda: h.has(beta, 4))
    assert await beta.effects() == ids
    assert not await alpha.dead()


async def test_a_full_queue_proves_nothing_against_an_event(
    amqp_world: Any, h: Any, publisher: Publisher, small_queue: AbstractQueue
) -> None:
    """What else is sent is refused, too, for now; once it is taken, the forbidden event is told apart."""
    alpha, _ = await amqp_world.open({"beta-svc": [h.hears()]})
    await publisher.may_publish(REMOVED)
    worker = publisher.start()

    async def is_full() -> bool:
        await alpha.publish(h.removed("r"))
        return worker.counters.refused > 0

    await h.eventually(is_full)
    await alpha.publish(h.happened("s1"))
    restarts = worker.counters.relay_restarts

    async def tried() -> bool:
        return worker.counters.relay_restarts >= restarts + 2

    await h.eventually(tried)
    assert not await alpha.dead()
    await small_queue.purge()
    await h.eventually(lambda: h.has_dead(alpha, 1), 60)
    assert told(await alpha.dead()) == {("alpha-svc.outbox", SuppressionAddedV1.type, "unpublishable", FORBIDDEN, 1)}


async def test_an_event_that_is_too_large_for_this_broker_holds_up_nobody(
    amqp_world: Any, h: Any, publisher: Publisher
) -> None:
    """A broker may take less than 16 MiB."""
    alpha, beta = await open_sides(amqp_world, h)
    await publisher.may_send(100_000)
    try:
        publisher.start()
        ids = await alpha.publish(h.happened("s1"), h.happened("s1", "v" * 200_000), h.happened("s1"))
        await h.eventually(lambda: h.has(beta, 2))
        await h.eventually(lambda: h.has_dead(alpha, 1))
    finally:
        await publisher.may_send(16 << 20)
    assert await beta.effects() == [ids[0], ids[2]]
    (letter,) = await alpha.dead()
    assert (letter["message_id"], letter["detail"]) == (ids[1], FORBIDDEN)
