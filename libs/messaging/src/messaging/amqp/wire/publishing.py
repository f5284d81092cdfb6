"""A channel with confirmations: batches go out in one write, in order."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from pamqp import commands

from messaging.amqp.wire import frames
from messaging.amqp.wire.channel import Channel
from messaging.amqp.wire.connection import Connection
from messaging.transport import Outcome

T = TypeVar("T")

# Settled messages, and what became of them.
Settle = Callable[[list[T], Outcome], None]


class PublishingChannel(Channel, Generic[T]):
    """Each message is known by a value of the caller's, which `settle` hands back.

    A mandatory message that no queue took is returned before it is confirmed: it is reported as unroutable.
    """

    def __init__(
        self, connection: Connection, settle: Settle[T], id_of: Callable[[T], str], lost: Callable[[Exception], None]
    ) -> None:
        super().__init__(connection)
        self._settle = settle
        self._id_of = id_of
        self._on_lost = lost
        self._next_tag = 1
        self._pending: dict[int, T] = {}
        self._returning = False
        self._returned: set[int] = set()

    async def open(self) -> None:
        await super().open()
        await self.call(commands.Confirm.Select())

    @property
    def unsettled(self) -> list[T]:
        """What was sent and got no outcome, in the order of sending; also after the channel was lost."""
        return list(self._pending.values())

    async def send(self, messages: Sequence[T], encoded: bytes) -> None:
        """`encoded` holds the frames of all the messages. Returns when the connection has taken them."""
        self.check()
        first = self._next_tag
        self._next_tag += len(messages)
        self._pending.update(zip(range(first, self._next_tag), messages, strict=True))
        self.connection.write(encoded)
        await self.connection.writable()

    def received_content(self, kind: int, data: bytes) -> bool:
        if kind == frames.METHOD:
            method = data[7:11]
            if method == frames.ACK:
                self._confirmed(*frames.read_ack(data), Outcome.CONFIRMED)
            elif method == frames.NACK:
                self._confirmed(*frames.read_ack(data), Outcome.REFUSED)
            elif method == frames.RETURN:
                self._returning = True
            else:
                return False
        elif kind == frames.HEADER and self._returning:
            self._returning = False
            message_id = frames.read_properties(data).message_id
            self._returned.update(tag for tag, message in self._pending.items() if self._id_of(message) == message_id)
        return True

    def _confirmed(self, tag: int, multiple: bool, outcome: Outcome) -> None:
        pending = self._pending
        if not multiple:
            tags = [tag] if tag in pending else []
        else:
            tags = []
            for earlier in pending:
                if earlier > tag:
                    break
                tags.append(earlier)
        if self._returned and outcome is Outcome.CONFIRMED:
            returned = [tag for tag in tags if tag in self._returned]
            self._returned.difference_update(returned)
            tags = [tag for tag in tags if tag not in returned]
            if returned:
                self._settle([pending.pop(tag) for tag in returned], Outcome.UNROUTABLE)
        if tags:
            self._settle([pending.pop(tag) for tag in tags], outcome)

    def lost(self, error: Exception) -> None:
        if self.error is None:
            super().lost(error)
            self._on_lost(error)
