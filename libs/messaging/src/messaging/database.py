"""A service's own PostgreSQL database: a pool, units of work, and the signal that something waits in the outbox."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Self

import asyncpg
import msgspec

from messaging.sight import RESTRICT, Sight, SightRestricted, current_sight
from messaging.unit_of_work import UnitOfWork

_ambient: ContextVar[UnitOfWork | None] = ContextVar("ambient_unit_of_work", default=None)


def _encode_jsonb(value: Any) -> bytes:
    return b"\x01" + msgspec.json.encode(value)


def _decode_jsonb(data: bytes) -> Any:
    return msgspec.json.decode(data[1:])


async def _prepare_connection(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=_encode_jsonb,
        decoder=_decode_jsonb,
        format="binary",
    )


async def _prepare_planning_once(connection: asyncpg.Connection) -> None:
    await _prepare_connection(connection)
    await connection.execute("SET plan_cache_mode = force_generic_plan")


async def _leave_as_it_is(_: asyncpg.Connection) -> None:
    """Nothing of ours changes a session outside a transaction, so no round trip is spent on resetting it."""


async def _restrict(connection: asyncpg.pool.PoolConnectionProxy, sight: Sight) -> None:
    try:
        await connection.execute(RESTRICT, *sight.settings())
    except asyncpg.InvalidParameterValueError:  # as an error of a value it would be taken for the caller's
        raise SightRestricted("the database has no restricted role for this login: run `leadwire migrate`") from None


class Database:
    """`source` is the CloudEvents source of what this service publishes, e.g. `/leadwire/sponsor-svc`."""

    def __init__(self, pool: asyncpg.Pool, source: str) -> None:
        self._pool = pool
        self.source = source
        self._committed: list[Callable[[], None]] = []
        self._begun: list[Callable[[UnitOfWork], Awaitable[None]]] = []

    @classmethod
    async def connect(
        cls, dsn: str, *, source: str, max_size: int = 10, patience: float | None = 30, planned_once: bool = False
    ) -> Self:
        """A pool that connects when it is first used: a service starts, and says so, while its database is away.

        `patience`: seconds that a statement may take; None for as long as it takes. `planned_once`: for statements
        that take longer to plan than to run, and whose best plan is the same for all parameters.
        """
        pool = await asyncpg.create_pool(
            dsn,
            min_size=0,
            max_size=max_size,
            init=_prepare_planning_once if planned_once else _prepare_connection,
            reset=_leave_as_it_is,
            command_timeout=patience,
        )
        return cls(pool, source)

    @property
    def pool(self) -> asyncpg.Pool:
        """Of connections that see every row. Raises SightRestricted for a caller who must not."""
        if not current_sight().every_row:
            raise SightRestricted("use a unit of work: it shows the caller's own rows only")
        return self._pool

    @property
    def reader(self) -> asyncpg.Pool | asyncpg.pool.PoolConnectionProxy | asyncpg.Connection:
        """For a single statement: sees what an enclosing `shared_unit_of_work` has written."""
        ambient = _ambient.get()
        return self.pool if ambient is None else ambient.connection

    @property
    def max_size(self) -> int:
        """Connections at most."""
        return self._pool.get_max_size()

    async def close(self) -> None:
        await self._pool.close()

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Registers who wants to know that rows were added to the outbox: a relay, or what wakes one elsewhere."""
        self._committed.append(callback)

    def on_begin(self, callback: Callable[[UnitOfWork], Awaitable[None]]) -> None:
        """Registers who has something to say to every transaction before anybody else."""
        self._begun.append(callback)

    def outbox_filled(self) -> None:
        """Said after a commit that added outbox rows."""
        for callback in self._committed:
            callback()

    @asynccontextmanager
    async def unit_of_work(self, *, snapshot: bool = False) -> AsyncGenerator[UnitOfWork]:
        """A transaction, committed with its events when the block ends and rolled back when it raises.

        It sees what the task may see when it begins (`messaging.sight`). With `snapshot` it only reads, and all that is
        read is from the same moment.
        Inside `shared_unit_of_work` it is a part of that one, which then commits; it may still fail alone.
        """
        ambient = _ambient.get()
        if ambient is not None:
            async with ambient.part():
                yield ambient
            return
        sight = current_sight()
        async with self._pool.acquire() as connection:
            async with connection.transaction(isolation="repeatable_read" if snapshot else None, readonly=snapshot):
                if not sight.every_row:
                    await _restrict(connection, sight)
                work = UnitOfWork(connection, self.source)
                for callback in self._begun:
                    await callback(work)
                yield work
                published = await work.flush()
            if published:
                self.outbox_filled()

    @asynccontextmanager
    async def shared_unit_of_work(self) -> AsyncGenerator[UnitOfWork]:
        """A transaction that every `unit_of_work()` opened inside, in the same task, becomes a part of."""
        async with self.unit_of_work() as work:
            token = _ambient.set(work)
            try:
                yield work
            finally:
                _ambient.reset(token)
