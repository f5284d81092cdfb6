"""Servers of ours that are started again when they die."""

import asyncio
from collections.abc import Callable
from typing import Protocol

CHECK_SECONDS = 0.5


class Server(Protocol):
    """A PostgresServer, RabbitServer or NginxServer."""

    @property
    def pid(self) -> int | None: ...
    def start(self) -> None: ...


async def keep_running(server: Server, note: Callable[[int | None], None]) -> None:
    """Looks twice a second; `note` is told the pid. Runs until cancelled; raises ServerFailed when a start fails."""
    while True:
        pid = await asyncio.to_thread(lambda: server.pid)
        if pid is None:
            await asyncio.to_thread(server.start)
            continue
        note(pid)
        await asyncio.sleep(CHECK_SECONDS)
