"""Relays that send nothing for a while, as when a broker is away and comes back."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg
from embedded import PostgresServer

from harness.platform import Platform

# Longer than a lease lasts: who does not get it renewed sends nothing from then on.
OVER_SECONDS = 5.5
_HOLD = "UPDATE relay_lease SET token = token + 1, expires_at = clock_timestamp() + interval '9 seconds'"
_GIVE_UP = "UPDATE relay_lease SET expires_at = '-infinity'"


@asynccontextmanager
async def silenced(platform: Platform, *databases: str) -> AsyncGenerator[None]:
    """Somebody else has the lease of these services' relays, and does nothing with it."""
    server = PostgresServer(platform.data_dir / "postgres")
    connections = [await asyncpg.connect(server.dsn(database)) for database in databases]
    await _all(connections, _HOLD)
    holding = asyncio.create_task(_keep(connections))
    try:
        await asyncio.sleep(OVER_SECONDS)
        yield
    finally:
        holding.cancel()
        await asyncio.wait([holding])
        await _all(connections, _GIVE_UP)
        for connection in connections:
            await connection.close()


async def _keep(connections: list[asyncpg.Connection]) -> None:
    while True:
        await asyncio.sleep(1)
        await _all(connections, _HOLD)


async def _all(connections: list[asyncpg.Connection], statement: str) -> None:
    for connection in connections:
        await connection.execute(statement)
