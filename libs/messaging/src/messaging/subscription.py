"""What a service hears: a table of queues, each with the handlers of its event types."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from contracts.envelope import Envelope
from contracts.event import Event

from messaging.trace import current_trace
from messaging.unit_of_work import UnitOfWork

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Received(Generic[E]):
    """An event and the envelope that it came in."""

    event: E
    envelope: Envelope


class Ordering(Enum):
    """How the handlers of a subscription cope with repeats and swaps."""

    COMMUTATIVE = "any order gives the same result"
    LAST_VERSION_WINS = "a lower sequence than the stored one changes nothing"
    STRICT = "raises NotYet until the earlier event is there"


Handler = Callable[[UnitOfWork, Sequence[Received[Event]]], Awaitable[None]]


def each(handler: Callable[[UnitOfWork, Received[E]], Awaitable[None]]) -> Handler:
    """Makes a batch handler of one that takes a message at a time."""

    async def handle(work: UnitOfWork, batch: Sequence[Received[Event]]) -> None:
        for received in batch:
            token = current_trace.set(received.envelope.trace)
            try:
                await handler(work, received)  # pyright: ignore[reportArgumentType] -- the table pairs types and handlers
            finally:
                current_trace.reset(token)

    return handle


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """One durable work queue, `<service>.<name>`. Up to `batch` messages share one transaction and its commit."""

    name: str
    ordering: Ordering
    handlers: Mapping[type[Event], Handler]
    batch: int = 50

    @property
    def event_types(self) -> list[str]:
        return [event_class.type for event_class in self.handlers]
