"""Live pages of people whose rights may have changed are closed: whoever may still see them comes back by itself."""

from contracts.events.identity import UserContent
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from sponsor_svc.statistics.store import close_pages


async def recheck_pages(work: UnitOfWork, received: Received[UserContent]) -> None:
    await close_pages(work, received.event.user_id)
