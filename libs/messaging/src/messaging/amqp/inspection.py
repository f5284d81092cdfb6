"""What is on the broker now, asked passively: for `leadwire doctor`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import ChannelNotFoundEntity

from messaging.amqp import names
from messaging.amqp.opening import open_connection
from messaging.subscription import Subscription
from messaging.transport import RETRY_DELAYS, queue_name

TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class QueueState:
    """`work` is True for queues that a worker has to consume. Counts are None for a queue that is not there."""

    name: str
    work: bool
    messages: int | None
    consumers: int | None


async def inspect_queues(
    url: str, services: Mapping[str, Sequence[Subscription]], delays: Sequence[timedelta] = RETRY_DELAYS
) -> list[QueueState]:
    """Every queue that the topology declares. Raises ConnectionError or TimeoutError when there is no broker."""
    wanted = [(names.UNROUTABLE, False), (names.UNHEARD, False)]
    for service, subscriptions in services.items():
        wanted += [(queue_name(service, subscription), True) for subscription in subscriptions]
        wanted += [(names.retry_tier(service, delay), False) for delay in delays]
        wanted.append((names.dead_queue(service), bool(subscriptions)))
    connection = await open_connection(url)
    async with connection:
        return [await _inspect(connection, name, work=work) for name, work in wanted]


async def _inspect(connection: AbstractConnection, name: str, *, work: bool) -> QueueState:
    # A channel for each: asking for a queue that is not there closes it.
    channel = await connection.channel()
    try:
        queue = await channel.declare_queue(name, passive=True, timeout=TIMEOUT_SECONDS)
    except ChannelNotFoundEntity:
        return QueueState(name, work, None, None)
    await channel.close()
    counts = queue.declaration_result
    return QueueState(name, work, counts.message_count, counts.consumer_count)
