"""What exists on the broker: declared by `leadwire migrate` with its own rights, used passively by the services.

Event types that nobody subscribes to are bound to the queue `leadwire.unheard`, which keeps the last thousand: they
can be published like any other, while a type that is not in the contracts goes through the alternate exchange to
`unroutable`, where nothing is ever dropped.
"""

import asyncio
import contextlib
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange, AbstractQueue
from aiormq.exceptions import ChannelNotFoundEntity, ConnectionInternalError
from contracts import events as _registered
from contracts.event import EVENT_TYPES

from messaging.amqp import names
from messaging.amqp.opening import open_connection
from messaging.subscription import Subscription
from messaging.transport import RETRY_DELAYS, queue_name

__all__ = ["declare_topology"]

_ = _registered

MAX_LENGTH = 500_000
UNHEARD_KEPT = 1000
DELIVERY_LIMIT = 20
# -1 would mean "none" on 4.x, and deletes the message at its first return on 3.10; 4.x without a value takes 20.
NO_DELIVERY_LIMIT = 1_000_000
BUSY_TRIES = 5
BUSY_PAUSE_SECONDS = 2

_QUORUM = {"x-queue-type": "quorum"}
# Refusing is the only overflow that loses nothing: "reject-publish-dlx" confirmed messages and dropped them.
_REFUSING = {**_QUORUM, "x-overflow": "reject-publish"}
_FORWARDING = {**_REFUSING, "x-dead-letter-strategy": "at-least-once"}


async def declare_topology(
    url: str,
    services: Mapping[str, Sequence[Subscription]],
    *,
    delays: Sequence[timedelta] = RETRY_DELAYS,
    max_length: int = MAX_LENGTH,
    retired: Collection[str] = (),
) -> None:
    """Brings the broker to what `services` need; may be run again at any time, under load as well.

    Bindings of event types that a subscription no longer has are removed. Queues of subscriptions that are gone stay,
    with what is in them; those of them that are `retired` hear nothing any more, so that they never fill up. Raises
    aio-pika's ChannelPreconditionFailed when a queue exists with other arguments. A broker that is still busy removing
    a queue of the same name answers with an internal error: it is asked again.
    """
    for _ in range(BUSY_TRIES - 1):
        try:
            await _declare(url, services, delays, max_length, retired)
        except ConnectionInternalError:
            await asyncio.sleep(BUSY_PAUSE_SECONDS)
        else:
            return
    await _declare(url, services, delays, max_length, retired)


async def _declare(
    url: str,
    services: Mapping[str, Sequence[Subscription]],
    delays: Sequence[timedelta],
    max_length: int,
    retired: Collection[str],
) -> None:
    connection = await open_connection(url)
    async with connection:
        channel = await connection.channel()
        events = await _declare_events(channel)
        for service, subscriptions in services.items():
            await _declare_dead_and_retries(channel, service, delays)
            for subscription in subscriptions:
                queue = await _declare_work_queue(channel, service, subscription, max_length)
                await _bind(queue, events, set(subscription.event_types))
        heard = {each for subscriptions in services.values() for one in subscriptions for each in one.event_types}
        unheard = await channel.declare_queue(
            names.UNHEARD, durable=True, arguments={**_QUORUM, "x-max-length": UNHEARD_KEPT}
        )
        await _bind(unheard, events, set(EVENT_TYPES) - heard)
        for name in retired:
            await _retire(connection, name)


async def _retire(connection: AbstractConnection, name: str) -> None:
    async with await connection.channel() as channel:
        with contextlib.suppress(ChannelNotFoundEntity):
            queue = await channel.get_queue(name)
            for event_type in EVENT_TYPES:
                await queue.unbind(names.EVENTS, event_type)


async def _declare_events(channel: AbstractChannel) -> AbstractExchange:
    alternate = await channel.declare_exchange(names.UNROUTABLE, aio_pika.ExchangeType.FANOUT, durable=True)
    unroutable = await channel.declare_queue(
        names.UNROUTABLE, durable=True, arguments={**_REFUSING, "x-max-length": MAX_LENGTH}
    )
    await unroutable.bind(alternate)
    return await channel.declare_exchange(
        names.EVENTS, aio_pika.ExchangeType.TOPIC, durable=True, arguments={"alternate-exchange": names.UNROUTABLE}
    )


async def _declare_dead_and_retries(channel: AbstractChannel, service: str, delays: Sequence[timedelta]) -> None:
    dead = {**_REFUSING, "x-delivery-limit": NO_DELIVERY_LIMIT}
    await _declare_behind_fanout(channel, names.dead_queue(service), dead)
    for delay in delays:
        # One queue per delay: a message's own time would have to wait behind longer ones. The default exchange
        # takes the routing key, which is the work queue's name, back to that queue.
        waiting = {
            **_FORWARDING,
            "x-message-ttl": names.milliseconds_of(delay),
            "x-dead-letter-exchange": "",
        }
        await _declare_behind_fanout(channel, names.retry_tier(service, delay), waiting)


async def _declare_behind_fanout(channel: AbstractChannel, name: str, arguments: dict[str, int | str]) -> None:
    exchange = await channel.declare_exchange(name, aio_pika.ExchangeType.FANOUT, durable=True)
    queue = await channel.declare_queue(name, durable=True, arguments=dict(arguments))
    await queue.bind(exchange)


async def _declare_work_queue(
    channel: AbstractChannel, service: str, subscription: Subscription, max_length: int
) -> AbstractQueue:
    return await channel.declare_queue(
        queue_name(service, subscription),
        durable=True,
        arguments={
            **_FORWARDING,
            "x-dead-letter-exchange": names.dead_queue(service),
            "x-max-length": max_length,
            "x-delivery-limit": DELIVERY_LIMIT,
        },
    )


async def _bind(queue: AbstractQueue, events: AbstractExchange, wanted: set[str]) -> None:
    for event_type in sorted(wanted):
        await queue.bind(events, event_type)
    for event_type in sorted(set(EVENT_TYPES) - wanted):
        await queue.unbind(events, event_type)
