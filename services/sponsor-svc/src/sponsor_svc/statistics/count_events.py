"""Events as they come, whatever is repeated or swapped."""

from collections.abc import Sequence

from contracts.event import Event
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from sponsor_svc.statistics import store
from sponsor_svc.statistics.fact import Fact, facts_of
from sponsor_svc.statistics.increments import increments_of
from sponsor_svc.statistics.log import store as log


async def count_events(work: UnitOfWork, batch: Sequence[Received[Event]]) -> None:
    """Any order gives the same: additions commute, and an outcome is taken back by whoever sees it and its reopening
    first. The inbox sees to it that each event is counted once.
    """
    facts = await log.append(work, facts_of(batch))
    if not facts:
        return
    undone = await _undo(work, [fact.lead_id for fact in facts if fact.tally.track is not None])
    zone = await log.read_zone(work)
    await store.add(work, increments_of(facts, undone, zone))


async def _undo(work: UnitOfWork, lead_ids: Sequence[str]) -> list[Fact]:
    if not lead_ids:
        return []
    await log.lock_leads(work, lead_ids)
    return await log.undo(work, lead_ids)
