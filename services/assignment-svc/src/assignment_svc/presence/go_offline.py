"""Somebody has not been heard of: what they took and did not call goes to others, without an attempt."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from messaging.unit_of_work import UnitOfWork

from assignment_svc.presence import store
from assignment_svc.work_items.give_back import give_back
from assignment_svc.work_items.transition import transition


def go_offline(offline_after: timedelta) -> Callable[[UnitOfWork, Sequence[str]], Awaitable[None]]:
    """The timer's handler: agents who said nothing for so long are offline."""

    async def handle(work: UnitOfWork, agent_ids: Sequence[str]) -> None:
        there = await store.find_still_there(work, agent_ids, offline_after)
        gone = [agent_id for agent_id in agent_ids if agent_id not in there]
        idle = await store.find_idle_claims(work, gone) if gone else []
        await transition(work, [give_back(item, None, why="agent-offline") for item in idle])

    return handle
