"""One database transaction with the events that it publishes."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from asyncpg import Connection, Record
from asyncpg.pool import PoolConnectionProxy
from contracts.envelope import OutgoingMessage, Trace, encode
from contracts.event import Event

from messaging.trace import current_trace, outgoing

INSERT_OUTBOX = """
INSERT INTO outbox (id, type, subject, body)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[])
"""


def outbox_columns(messages: Sequence[OutgoingMessage]) -> tuple[list[Any], list[str], list[str], list[bytes]]:
    """The parameters of INSERT_OUTBOX; hot paths put them into a statement of their own."""
    return (
        [m.id for m in messages],
        [m.type for m in messages],
        [m.subject for m in messages],
        [m.body for m in messages],
    )


class UnitOfWork:
    """What a use case works with. It never commits: the edge that opened it does, with all events, or nothing."""

    def __init__(self, connection: Connection | PoolConnectionProxy, source: str) -> None:
        self.connection = connection
        self._source = source
        self._messages: list[OutgoingMessage] = []
        self._wrote = False

    async def fetch(self, query: str, *args: Any) -> list[Record]:
        return await self.connection.fetch(query, *args)

    async def fetchrow(self, query: str, *args: Any) -> Record | None:
        return await self.connection.fetchrow(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        return await self.connection.fetchval(query, *args)

    async def execute(self, query: str, *args: Any) -> str:
        return await self.connection.execute(query, *args)

    async def executemany(self, query: str, args: Sequence[Sequence[Any]]) -> None:
        await self.connection.executemany(query, args)

    @asynccontextmanager
    async def part(self) -> AsyncGenerator[None]:
        """A part that may fail alone: what it did and published is undone, and the rest goes on."""
        published = len(self._messages)
        try:
            async with self.connection.transaction():
                yield
        except BaseException:
            del self._messages[published:]
            raise

    def publish(self, event: Event, *, sequence: int, trace: Trace | None = None) -> OutgoingMessage:
        """Stores the event with this transaction; `sequence` is the subject's version after the change.

        `trace` is only given by batch handlers, whose messages have different causes.
        """
        trace = outgoing(event.type, trace or current_trace.get())
        message = encode(event, source=self._source, sequence=sequence, trace=trace)
        self._messages.append(message)
        return message

    def wrote_events(self) -> None:
        """Said by whose own statement has put events into the outbox."""
        self._wrote = True

    async def flush(self) -> bool:
        """Writes the published events; True if the outbox got any. Called by the edge, before the commit."""
        if not self._messages:
            return self._wrote
        await self.connection.execute(INSERT_OUTBOX, *outbox_columns(self._messages))
        self._messages = []
        return True
