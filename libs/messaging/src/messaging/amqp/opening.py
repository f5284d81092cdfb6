"""Opening a connection of aio-pika, for what is done to the broker seldom: declaring and inspecting."""

import aio_pika
from aio_pika.abc import AbstractConnection, TimeoutType

OPEN_SECONDS = 20


class _Connection(aio_pika.Connection):
    """Closed when it could not be opened.

    aio-pika leaves that to the garbage collector, which may come when no event loop runs: Python then warns of a
    coroutine that was never awaited.
    """

    async def connect(self, timeout: TimeoutType = None) -> None:  # noqa: ASYNC109 - aio-pika's signature
        try:
            await super().connect(timeout)
        except BaseException:
            await self.close()
            raise


async def open_connection(url: str) -> AbstractConnection:
    """Raises ConnectionError, TimeoutError or an error of aiormq's when there is no broker or it refuses."""
    return await aio_pika.connect(url, timeout=OPEN_SECONDS, connection_class=_Connection)
