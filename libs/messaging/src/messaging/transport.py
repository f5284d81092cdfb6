"""The port between the delivery rules and what carries messages: RabbitMQ, or a bus inside the process."""

from asyncio import Event
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Protocol
from uuid import UUID

import msgspec

from messaging.database import Database
from messaging.inbox.processor import Processor
from messaging.subscription import Subscription

RETRY_DELAYS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
)


class OutboxRow(msgspec.Struct, frozen=True):
    """An event on its way out. `position` is its place in the outbox, `id` the message id."""

    position: int
    id: UUID
    type: str
    body: bytes


class Outcome(Enum):
    """What became of a published row. A row that got no outcome is unknown: it is published again, same id."""

    CONFIRMED = "every subscriber's queue has it durably"
    REFUSED = "a queue is full for now"
    UNROUTABLE = "no queue took it"
    IMPOSSIBLE = "it cannot be sent at all, e.g. it is too large"
    FORBIDDEN = "the broker takes others from this service, and not this"


class PublishListener(Protocol):
    """Who hands rows to a publisher."""

    def settled(self, rows: Sequence[OutboxRow], outcome: Outcome) -> None: ...

    def lost(self, error: Exception) -> None:
        """The publisher is gone: whatever is not settled stays unknown."""
        ...


class Publisher(Protocol):
    """Sends in the order of the calls. Closing it leaves unsettled rows unknown."""

    @property
    def stall_timeout(self) -> timedelta | None:
        """Rows unsettled for longer than this mean that the connection is dead. None: they may take any time."""
        ...

    async def send(self, rows: Sequence[OutboxRow]) -> None:
        """Returns when the rows are handed over, not when they are settled. Raises what lost the publisher."""
        ...


@dataclass(frozen=True, slots=True)
class Consumption:
    """What a transport needs to serve the queues of a service: a processor per queue."""

    service: str
    database: Database
    processors: Mapping[str, Processor]
    stop: Event


class Transport(Protocol):
    """RabbitMQ or the embedded bus; `delays` are its retry tiers, shortest first."""

    @property
    def delays(self) -> Sequence[timedelta]: ...

    def register(self, service: str, subscriptions: Sequence[Subscription]) -> None:
        """Said by every worker when it is built, before any of them runs."""
        ...

    def publisher(self, service: str, listener: PublishListener) -> AbstractAsyncContextManager[Publisher]: ...

    async def consume(self, consumption: Consumption) -> None:
        """Serves the queues until `stop` is set, then finishes what runs and gives back the rest."""
        ...

    def attached(self, queue: str) -> bool:
        """True while the queue has a live consumer of this process."""
        ...


def queue_name(service: str, subscription: Subscription) -> str:
    return f"{service}.{subscription.name}"


def outbox_name(service: str) -> str:
    """What stands for the outbox where queues are named, in dead letters. No subscription is called so."""
    return f"{service}.outbox"
