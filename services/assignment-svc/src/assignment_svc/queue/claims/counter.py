"""Group commit for claims: whoever asks while a transaction runs is served by the next one, together.

One statement for sixteen agents costs little more than for one. It commits by itself, events included: one message to
the database and one back. Whom it cannot serve are looked at in a transaction of their own. Nobody waits for company:
a free flusher takes whoever is there.
"""

import asyncio
from collections import deque

from asyncpg import DeadlockDetectedError
from messaging.database import Database

from assignment_svc.queue.claims.claim_leads import ClaimDesk, ClaimRequest, Outcome

_TOGETHER = 64


class ClaimCounter:
    """`flushers`: how many transactions claim at the same time in this process; `lane` has a connection for each."""

    def __init__(self, database: Database, lane: Database, desk: ClaimDesk, flushers: int) -> None:
        self._database = database
        self._lane = lane
        self._desk = desk
        self._free = flushers
        self._queue: deque[tuple[ClaimRequest, asyncio.Future[Outcome]]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def claim(self, request: ClaimRequest) -> Outcome:
        """Returns when the claim is committed. One that its client no longer waits for stays the agent's."""
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
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
                await self._serve(batch)
        finally:
            self._free += 1

    def _take(self) -> dict[str, tuple[ClaimRequest, asyncio.Future[Outcome]]]:
        """One request per agent: a second one of the same agent waits for the next transaction."""
        batch: dict[str, tuple[ClaimRequest, asyncio.Future[Outcome]]] = {}
        later: list[tuple[ClaimRequest, asyncio.Future[Outcome]]] = []
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

    async def _serve(self, batch: dict[str, tuple[ClaimRequest, asyncio.Future[Outcome]]]) -> None:
        try:
            outcomes = await self._commit([request for request, _ in batch.values()])
        except Exception as error:  # noqa: BLE001 -- each caller gets it, and the edge knows what to make of it
            for _, answer in batch.values():
                if not answer.done():
                    answer.set_exception(error)
            return
        for agent_id, (_, answer) in batch.items():
            if not answer.done():
                answer.set_result(outcomes[agent_id])

    async def _commit(self, requests: list[ClaimRequest]) -> dict[str, Outcome]:
        """A deadlock can only be with the end of claims of several of these agents, in bulk: it is over after it."""
        try:
            return await self._once(requests)
        except DeadlockDetectedError:
            return await self._once(requests)

    async def _once(self, requests: list[ClaimRequest]) -> dict[str, Outcome]:
        served = await self._desk.claim_at_once(self._lane.pool, requests)
        if served:
            self._database.outbox_filled()
        outcomes: dict[str, Outcome] = {**served}
        left = [request for request in requests if request.agent_id not in served]
        if left:
            async with self._database.unit_of_work() as work:
                outcomes |= await self._desk.claim(work, left)
        return outcomes
