"""Makes decided transitions and tells of those that were made."""

from collections.abc import Mapping, Sequence
from typing import Any

from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError, Kind, conflict

from assignment_svc.work_items import store
from assignment_svc.work_items.change import Change
from assignment_svc.work_items.item import WorkItem


async def transition(work: UnitOfWork, changes: Sequence[Change]) -> set[str]:
    """Returns the leads that moved; items that somebody else changed first stay as they are, untold."""
    moved = await store.move(work, changes)
    for change in changes:
        if change.item.lead_id in moved:
            work.publish(change.event, sequence=change.item.version + 1, trace=change.trace)
    return moved


async def transition_one(work: UnitOfWork, change: Change) -> None:
    """Raises 423 when the lock was lost, 409 when somebody changed the lead since it was read."""
    if not await transition(work, [change]):
        raise await outrun(work, change.item, change.token)


async def touch(
    work: UnitOfWork, item: WorkItem, actor: str, told: tuple[str, Mapping[str, Any]], token: int | None
) -> int:
    """Notes `told` (event and data) in the lead's history, and returns its new version; raises as a transition does.

    Events of a lead that change no state are published with that version.
    """
    event, data = told
    version = await store.touch_item(work, item, (event, actor, data), token)
    if version is None:
        raise await outrun(work, item, token)
    return version


async def outrun(work: UnitOfWork, item: WorkItem, token: int | None) -> DomainError:
    """Why a write found the item or its lock changed."""
    now = await store.find_item(work, item.lead_id)
    if token is not None and now is not None and now.version == item.version:
        return lock_lost()
    return conflict("changed-meanwhile", "Somebody changed this lead at the same moment. Read it again.")


def lock_lost() -> DomainError:
    detail = "Your lock on this lead has ended or was broken. Take it again; what you wrote is not lost by us."
    return DomainError(Kind.LOCKED, "lock-lost", detail)
