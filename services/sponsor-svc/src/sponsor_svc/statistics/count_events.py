from collections.abc import Sequence

from contracts.event import Event
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from sponsor_svc.statistics import store
from sponsor_svc.statistics.increments import increments_of


async def count_events(work: UnitOfWork, batch: Sequence[Received[Event]]) -> None:
    """Additions only, so any order gives the same; the inbox sees to it that each event is added once."""
    await store.add(work, increments_of(batch))
