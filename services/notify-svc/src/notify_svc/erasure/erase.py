"""Forgets all that is personal about leads, and gives a receipt."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from contracts.events.intake import ErasureRequestedV1
from contracts.events.notify import ErasureCompletedV1
from messaging.forgetting import forget
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from notify_svc.erasure.store import begin, scrub_mails
from notify_svc.webhook_deliveries.scrub_deliveries import scrub_deliveries

Scrubber = Callable[[UnitOfWork, Sequence[str]], Awaitable[dict[str, int]]]
# Each scrubs its own tables of some leads, and says how many rows of each; all of them in one transaction.
SCRUBBERS: Final[tuple[Scrubber, ...]] = (scrub_mails, scrub_deliveries, forget)


async def erase(work: UnitOfWork, received: Received[ErasureRequestedV1]) -> None:
    """A repeat finds nothing left, and gives its receipt again."""
    lead_ids = sorted(received.event.lead_ids)
    await begin(work, lead_ids)
    removed: dict[str, int] = {}
    for scrub in SCRUBBERS:
        removed |= await scrub(work, lead_ids)
    work.publish(ErasureCompletedV1(erasure_id=received.event.erasure_id, removed=removed), sequence=1)
