"""One order of locks for the whole service: whoever waits holds nothing that another one waits for."""

import asyncio
import os
import random
from collections import Counter

from assignment_svc.testing import PROJECT, CallCentre
from contracts.events.assignment import ErasureCompletedV1
from contracts.events.values import Order
from httpx2 import Response
from servicekit.testing import ServiceUnderTest

TASKS = 16
TURNS = int(os.environ.get("LEADWIRE_LOCK_TURNS", "12"))
AGENTS = ("usr_a", "usr_b")
LEADS = tuple(f"lead_{number}" for number in range(10))
ERASED = LEADS[:2]
# Completing is the end of a lead, so that it comes seldom.
STEPS = (*("assign", "batch", "unassign", "reassign", "edit", "add", "fire") * 3, "complete", "complete")
ANSWERS = {200, 201, 204, 404, 409, 412, 422, 423}


class Crowd:
    """Supervisors and others who do different things to the same few leads."""

    def __init__(self, centre: CallCentre, seed: int) -> None:
        self.centre = centre
        self.dice = random.Random(seed)
        self.answered: Counter[tuple[str, int]] = Counter()

    async def turn(self) -> None:
        lead_id, agent_id = self.dice.choice(LEADS), self.dice.choice(AGENTS)
        step = self.dice.choice(STEPS)
        answer = await getattr(self, f"_{step}")(lead_id, agent_id)
        if answer is not None:
            assert answer.status_code in ANSWERS, (step, answer.text)
            self.answered[step, answer.status_code // 100] += 1

    async def _assign(self, lead_id: str, agent_id: str) -> Response:
        return await self.centre.supervise("assignments", lead_id=lead_id, agent_id=agent_id)

    async def _batch(self, _: str, agent_id: str) -> Response:
        lead_ids = self.dice.sample(LEADS, 3)
        return await self.centre.supervise("assignments/batch", lead_ids=lead_ids, agent_id=agent_id)

    async def _unassign(self, lead_id: str, _: str) -> Response:
        return await self.centre.supervise(f"work-items/{lead_id}/unassign")

    async def _reassign(self, lead_id: str, agent_id: str) -> Response:
        return await self.centre.supervise(f"work-items/{lead_id}/reassign", agent_id=agent_id)

    async def _edit(self, lead_id: str, _: str) -> Response | None:
        order_id = await self._order(lead_id)
        return await self.centre.write("PATCH", f"orders/{order_id}", {"number": str(self.dice.randrange(10**9))})

    async def _complete(self, lead_id: str, _: str) -> Response | None:
        return await self.centre.supervise(f"orders/{await self._order(lead_id)}/complete")

    async def _add(self, lead_id: str, _: str) -> Response:
        number = str(self.dice.randrange(10**9))
        return await self.centre.supervise("orders", lead_id=lead_id, number=number)

    async def _fire(self, _: str, __: str) -> None:
        await self.centre.fire()

    async def _order(self, lead_id: str) -> str:
        query = "SELECT order_id FROM orders WHERE lead_id = $1 ORDER BY status DESC, order_id DESC LIMIT 1"
        return await self.centre.service.db.pool.fetchval(query, lead_id) or "ord_none"


async def _deadlocks(service: ServiceUnderTest) -> int:
    """What the server counts; backends tell it when they end."""
    await service.db.pool.expire_connections()
    await service.db.pool.execute("SELECT pg_stat_force_next_flush()")
    return await service.db.pool.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")


async def test_orders_assignments_and_erasures_of_the_same_leads_never_deadlock(
    centre: CallCentre, service: ServiceUnderTest
):
    """`LEADWIRE_LOCK_TURNS` (12 for each of 16) makes it longer."""
    for agent_id in AGENTS:
        await centre.agent(agent_id)
        await centre.options(agent_id, view_non_partial_orders=True)
    await centre.tick(*AGENTS)
    for lead_id in LEADS:
        await centre.lead(lead_id, order=Order(number="P1", status="partial"))
    crowds = [Crowd(centre, seed) for seed in range(TASKS)]
    done: Counter[tuple[str, int]] = Counter()

    async def work(crowd: Crowd) -> None:
        for _ in range(TURNS):
            await crowd.turn()
        done.update(crowd.answered)

    async def others() -> None:
        for number in range(TURNS // 2):
            await centre.suppress("phone", f"+3584099999{number:02d}")
            await centre.project(name=f"{PROJECT} {number}")
        await centre.erase(*ERASED)

    await asyncio.gather(*(work(crowd) for crowd in crowds), others())
    assert await _deadlocks(service) == 0
    assert len(await service.published(ErasureCompletedV1)) == 1
    for step in ("batch", "unassign", "reassign", "edit", "complete"):
        assert done[step, 2], f"nobody ever succeeded with {step}"
    assert {await centre.state_of(lead_id) for lead_id in ERASED} == {"erased"}
