"""Events as they come, whatever is repeated or swapped."""

from collections.abc import Sequence

from contracts.event import Event
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from sponsor_svc.statistics import store
from sponsor_svc.statistics.fact import facts_of
from sponsor_svc.statistics.increments import Changes, increments_of
from sponsor_svc.statistics.log import store as log
from sponsor_svc.statistics.revisions import revisions_of


async def count_events(work: UnitOfWork, batch: Sequence[Received[Event]]) -> None:
    """Any order gives the same: additions commute, an outcome is taken back by whoever sees it and its reopening
    first, and a fact is counted otherwise by whoever sees it and the last word about its lead first. The inbox sees to
    it that each event is counted once.
    """
    added = await log.append(work, facts_of(batch))
    revisions = revisions_of(batch)
    lead_ids = sorted({each.lead_id for each in (*added, *revisions)})
    if not lead_ids:
        return
    await log.lock_leads(work, lead_ids)
    revised = await log.revise(work, revisions, lead_ids)
    closed = [fact.lead_id for fact in added if fact.tally.track is not None]
    undone = await log.undo(work, closed) if closed else []
    await log.hold_off_rebuild(work)
    zone = await log.read_zone(work)
    await store.add(work, increments_of(Changes(added, undone, revised), zone))
