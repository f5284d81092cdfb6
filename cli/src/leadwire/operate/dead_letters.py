"""Dead letters of several services: each keeps its own, in its own database."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar
from uuid import UUID

from messaging import dead_letters
from messaging.database import Database
from messaging.dead_letters import Choice, Entry, Group
from messaging.unit_of_work import UnitOfWork
from servicekit.audit import act_as
from servicekit.audit.doer import of_command_line
from servicekit.dead_letters.decide import Decision, decide

from leadwire.services import Service

T = TypeVar("T")


class DeadLetters:
    """Of the services at the given addresses."""

    def __init__(self, addresses: Mapping[Service, str]) -> None:
        self._addresses = addresses

    async def groups(self) -> dict[Service, list[Group]]:
        return await self._each(dead_letters.list_groups)

    async def entries(self, choice: Choice, limit: int) -> dict[Service, list[Entry]]:
        return await self._each(lambda work: dead_letters.list_entries(work, choice, limit))

    async def find(self, letter_id: UUID) -> tuple[Service, Entry] | None:
        found = await self._each(lambda work: dead_letters.show(work, letter_id))
        return next(((service, entry) for service, entry in found.items() if entry is not None), None)

    async def decide(self, choice: Choice, decision: Decision) -> dict[Service, int]:
        """How many letters of each service were brought back or discarded, by the user of this machine."""
        doer = of_command_line(f"leadwire dlq {decision.kind}")

        async def decide_here(work: UnitOfWork) -> int:
            await act_as(work, doer)
            return await decide(work, choice, decision, doer.actor)

        return await self._each(decide_here)

    async def _each(self, ask: Callable[[UnitOfWork], Awaitable[T]]) -> dict[Service, T]:
        answers: dict[Service, T] = {}
        for service, address in self._addresses.items():
            async with _opened(service, address) as database, database.unit_of_work() as work:
                answers[service] = await ask(work)
        return answers


@asynccontextmanager
async def _opened(service: Service, address: str) -> AsyncGenerator[Database]:
    database = await Database.connect(address, source=f"/leadwire/{service.name}", max_size=2)
    try:
        yield database
    finally:
        await database.close()
