"""RabbitMQ: the only package that knows AMQP. `leadwire migrate` declares (topology), services only use."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from messaging.amqp.consumer import QueueServer
from messaging.amqp.publisher import AmqpPublisher, open_publisher
from messaging.subscription import Subscription
from messaging.transport import RETRY_DELAYS, Consumption, PublishListener

__all__ = ["AmqpTransport"]


class AmqpTransport:
    """Connections to the broker at `url`; `delays` must be those that the topology was declared with."""

    def __init__(self, url: str, *, delays: Sequence[timedelta] = RETRY_DELAYS) -> None:
        self.delays = delays
        self._url = url
        self._attached: set[str] = set()

    def register(self, service: str, subscriptions: Sequence[Subscription]) -> None:
        """The broker knows from the topology who hears what."""

    def publisher(self, service: str, listener: PublishListener) -> AbstractAsyncContextManager[AmqpPublisher]:
        return open_publisher(self._url, service, listener)

    async def consume(self, consumption: Consumption) -> None:
        await QueueServer(self._url, self.delays, consumption, self._attached).run()

    def attached(self, queue: str) -> bool:
        return queue in self._attached
