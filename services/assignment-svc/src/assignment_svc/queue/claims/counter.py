"""Group commit for claims: whoever asks while a transaction runs is served by the next one, together.

One statement for sixteen agents costs little more than for one. It commits by itself, events included: one message to
the database and one back. Whom it cannot serve are looked at in transactions of their own, which hold up nobody else.
Nobody waits for company: whoever is there is taken as soon as the transaction before has ended.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from asyncpg import DeadlockDetectedError, Record
from messaging.database import Database

from assignment_svc.queue.claims.claim_leads import ClaimDesk, ClaimRequest, Outcome

_TOGETHER: Final = 64
# At the same time in this process: more of the quick ones would only make smaller batches of the same work.
QUICK: Final = 1
THOROUGH: Final = 2

Serve = Callable[[Sequence[ClaimRequest]], Awaitable[Mapping[str, Outcome]]]
Waiting = tuple[ClaimRequest, asyncio.Future[Outcome | None]]


class ClaimCounter:
    """`lane`: connections for the quick way, which waits for no other statement of the service."""

    def __init__(self, database: Database, lane: Database, desk: ClaimDesk) -> None:
        self._database = database
        self._lane = lane
        self._desk = desk
        self._quick = _Batches(self._claim_at_once, QUICK)
        self._thorough = _Batches(self._look, THOROUGH)

    async def claim(self, request: ClaimRequest) -> Outcome:
        """Returns when the claim is committed. One that its client no longer waits for stays the agent's."""
        outcome = await self._quick.ask(request) or await self._thorough.ask(request)
        assert outcome is not None  # noqa: S101 -- whoever looks thoroughly says that there is nothing
        return outcome

    async def _claim_at_once(self, requests: Sequence[ClaimRequest]) -> dict[str, Record]:
        served = await self._desk.claim_at_once(self._lane.pool, requests)
        if served:
            self._database.outbox_filled()
        return served

    async def _look(self, requests: Sequence[ClaimRequest]) -> dict[str, Outcome]:
        async with self._database.unit_of_work() as work:
            return await self._desk.claim(work, requests)


class _Batches:
    """Serves those who ask in batches, so many at the same time; None to whom `serve` has nothing to say."""

    def __init__(self, serve: Serve, at_once: int) -> None:
        self._serve = serve
        self._free = at_once
        self._queue: deque[Waiting] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def ask(self, request: ClaimRequest) -> Outcome | None:
        answer: asyncio.Future[Outcome | None] = asyncio.get_running_loop().create_future()
        self._queue.append((request, answer))
        if self._free:
            self._free -= 1
            task = asyncio.create_task(self._flush())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await answer

    async def _flush(self) -> None:
        try:
            while batch := self._take():
                await self._answer(batch)
        finally:
            self._free += 1

    def _take(self) -> dict[str, Waiting]:
        """One request per agent: a second one of the same agent waits for the next transaction."""
        batch: dict[str, Waiting] = {}
        later: list[Waiting] = []
        while self._queue and len(batch) < _TOGETHER:
            request, answer = self._queue.popleft()
            if answer.done():
                continue
            if request.agent_id in batch:
                later.append((request, answer))
            else:
                batch[request.agent_id] = (request, answer)
        self._queue.extendleft(reversed(later))
        return batch

    async def _answer(self, batch: Mapping[str, Waiting]) -> None:
        try:
            outcomes = await self._committed([request for request, _ in batch.values()])
        except Exception as error:  # noqa: BLE001 -- each caller gets it, and the edge knows what to make of it
            for _, answer in batch.values():
                if not answer.done():
                    answer.set_exception(error)
            return
        for agent_id, (_, answer) in batch.items():
            if not answer.done():
                answer.set_result(outcomes.get(agent_id))

    async def _committed(self, requests: Sequence[ClaimRequest]) -> Mapping[str, Outcome]:
        """A deadlock can only be with the end of claims of several of these agents, in bulk: it is over after it."""
        try:
            return await self._serve(requests)
        except DeadlockDetectedError:
            return await self._serve(requests)
