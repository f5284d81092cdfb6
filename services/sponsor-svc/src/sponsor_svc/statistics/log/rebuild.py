"""Counts everything again, from the log of facts (S0.12)."""

from messaging.database import Database

from sponsor_svc.statistics import store
from sponsor_svc.statistics.increments import Changes, increments_of
from sponsor_svc.statistics.log import store as log

PORTION = 10_000


async def rebuild_statistics(database: Database, time_zone: str | None = None) -> int:
    """Says how many facts were counted. `time_zone`: an IANA name; buckets are cut in it from now on.

    Readers see the old figures until it is done; events that come meanwhile wait, and are counted after.
    """
    counted = 0
    async with database.unit_of_work() as work:
        await log.begin_again(work)
        if time_zone is not None:
            await log.set_zone(work, time_zone)
        zone = await log.read_zone(work)
        async for facts in log.everything(work, PORTION):
            await store.add(work, increments_of(Changes(facts), zone))
            counted += len(facts)
        await store.tell_everybody(work)
    return counted
