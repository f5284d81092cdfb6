"""Makes decided transitions and tells of those that were made."""

from collections.abc import Sequence

from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError, Kind, conflict

from assignment_svc.work_items import store
from assignment_svc.work_items.change import Change


async def transition(work: UnitOfWork, changes: Sequence[Change]) -> set[str]:
    """Returns the leads that moved; items that somebody else changed first stay as they are, untold."""
    moved = await store.move(work, changes)
    for change in changes:
        if change.item.lead_id in moved:
            work.publish(change.event, sequence=change.item.version + 1, trace=change.trace)
    return moved


async def transition_one(work: UnitOfWork, change: Change) -> None:
    """Raises 423 when the lock was lost, 409 when somebody changed the lead since it was read."""
    if await transition(work, [change]):
        return
    now = (await store.find_items(work, [change.item.lead_id])).get(change.item.lead_id)
    if change.token is not None and now is not None and now.version == change.item.version:
        raise lock_lost()
    raise conflict("changed-meanwhile", "Somebody changed this lead at the same moment. Read it again.")


def lock_lost() -> DomainError:
    detail = "Your lock on this lead has ended or was broken. Take it again; what you wrote is not lost by us."
    return DomainError(Kind.LOCKED, "lock-lost", detail)
