"""What `migrate` declares, and what happens when it is not there."""

import asyncio
from typing import Any

import aio_pika
import pytest
from aiormq.exceptions import ChannelNotFoundEntity
from contracts.events.intake import SuppressionAddedV1, SuppressionRemovedV1
from messaging.amqp import names
from messaging.amqp.topology import declare_topology
from messaging.subscription import Ordering, Subscription, each
from messaging.worker import ConsumerMissing


async def test_declaring_again_follows_the_subscription(amqp_world: Any, h: Any) -> None:
    """A type that is added is bound, one that is gone is unbound, the rest stays."""
    alpha, beta = await amqp_world.open({"beta-svc": [h.hears()]})
    both = Subscription(
        name="things",
        ordering=Ordering.COMMUTATIVE,
        handlers={SuppressionAddedV1: each(h.note_effect), SuppressionRemovedV1: each(h.note_effect)},
    )
    only_removed = Subscription(
        name="things", ordering=Ordering.COMMUTATIVE, handlers={SuppressionRemovedV1: each(h.note_effect)}
    )
    await declare_topology(amqp_world.url, {"beta-svc": [both]}, delays=h.DELAYS)
    beta.subscriptions = [both]
    await amqp_world.start()
    ids = await alpha.publish(h.happened(), h.removed("s"))
    await h.eventually(lambda: h.has(beta, 2))
    assert sorted(await beta.effects()) == sorted(ids)
    await amqp_world.stop()
    await declare_topology(amqp_world.url, {"beta-svc": [only_removed]}, delays=h.DELAYS)
    beta.subscriptions = [only_removed]
    await amqp_world.start()
    ids += (await alpha.publish(h.happened(), h.removed("s")))[1:]
    await h.eventually(lambda: h.is_empty(alpha))
    await h.eventually(lambda: h.has(beta, 3))
    assert sorted(await beta.effects()) == sorted(ids)
    assert await beta.dead() == []


async def test_a_retired_queue_hears_nothing_more_and_one_that_never_was_is_not_made(amqp_world: Any, h: Any) -> None:
    alpha, beta, gamma = await amqp_world.open({"beta-svc": [h.hears()], "gamma-svc": [h.hears()]})
    await declare_topology(
        amqp_world.url, {"beta-svc": [h.hears()]}, delays=h.DELAYS, retired=["gamma-svc.things", "gamma-svc.never"]
    )
    await amqp_world.start()
    await alpha.publish(h.happened())
    await h.eventually(lambda: h.has(beta, 1))
    assert await gamma.effects() == []
    async with await aio_pika.connect(amqp_world.url) as connection:
        channel = await connection.channel()
        with pytest.raises(ChannelNotFoundEntity):
            await channel.get_queue("gamma-svc.never")


async def test_a_queue_that_was_deleted_is_missed_and_served_when_it_is_back(amqp_world: Any, h: Any) -> None:
    alpha, beta = await amqp_world.open({"beta-svc": [h.hears()]})
    (_, consumer) = await amqp_world.start()
    await alpha.publish(h.happened())
    await h.eventually(lambda: h.has(beta, 1))
    await delete_queue(amqp_world.url, "beta-svc.things")

    async def attached() -> bool:
        return (await consumer.health()).consumers["beta-svc.things"]

    async def missed() -> bool:
        return not await attached()

    await h.eventually(missed)
    await declare_topology(amqp_world.url, {"beta-svc": beta.subscriptions}, delays=h.DELAYS)
    await h.eventually(attached)
    await alpha.publish(h.happened())
    await h.eventually(lambda: h.has(beta, 2))


async def test_the_watchdog_ends_a_worker_without_a_consumer(amqp_world: Any, h: Any) -> None:
    await amqp_world.open({"beta-svc": [h.hears()]})
    await delete_queue(amqp_world.url, "beta-svc.things")
    (_, consumer) = amqp_world.workers()
    consumer.watchdog_seconds = 1.0
    with pytest.raises(ExceptionGroup) as raised:
        await asyncio.wait_for(consumer.run(), 20)
    assert raised.group_contains(ConsumerMissing)
    await declare_topology(amqp_world.url, {"beta-svc": [h.hears()]}, delays=h.DELAYS)


async def test_what_the_broker_gives_up_on_is_a_dead_letter(amqp_world: Any, h: Any) -> None:
    """The delivery limit of the work queue is a backstop that loses nothing."""
    alpha, beta = await amqp_world.open({"beta-svc": [h.hears()]})
    (relay, consumer) = amqp_world.workers()
    amqp_world.running[relay] = asyncio.create_task(relay.run())
    (identity,) = await alpha.publish(h.happened("tired"))
    await h.eventually(lambda: h.is_empty(alpha))
    connection = await aio_pika.connect(amqp_world.url)
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("beta-svc.things", passive=True)
        for _ in range(25):
            message = await queue.get(fail=False)
            if message is None:
                await asyncio.sleep(0.05)
                continue
            await message.reject(requeue=True)
    amqp_world.running[consumer] = asyncio.create_task(consumer.run())
    await h.eventually(lambda: h.has_dead(beta, 1))
    (letter,) = await beta.dead()
    assert (letter["message_id"], letter["queue"]) == (identity, "beta-svc.things")
    assert (letter["failure"], letter["subject"]) == ("broker-delivery_limit", "tired")


async def test_strangers_in_our_queues_are_dead_letters(amqp_world: Any, h: Any) -> None:
    """Hand-made messages with odd headers stop neither the consumer nor the drain."""
    _, beta = await amqp_world.open({"beta-svc": [h.hears()]})
    connection = await aio_pika.connect(amqp_world.url)
    async with connection:
        channel = await connection.channel()
        headers: dict[str, Any] = {names.ATTEMPTS: "many", "x-delivery-count": [1], names.WAITS: -5, "n": None}
        for queue in ("beta-svc.things", names.dead_queue("beta-svc")):
            for body in (b"", b"\0\0", b"{}"):
                await channel.default_exchange.publish(
                    aio_pika.Message(body, headers=headers, message_id="no uuid", content_encoding="x"), queue
                )
    await amqp_world.start()
    await h.eventually(lambda: h.has_dead(beta, 6))
    assert {letter["failure"] for letter in await beta.dead()} == {"undecodable", "broker-unknown"}


async def delete_queue(url: str, queue: str) -> None:
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        await channel.queue_delete(queue)
