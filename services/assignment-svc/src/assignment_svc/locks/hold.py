"""Taking, keeping, giving up and breaking the lock on a lead."""

from datetime import timedelta
from typing import Final

from messaging.unit_of_work import UnitOfWork
from servicekit.identity import Identity
from servicekit.problems import DomainError, Kind, conflict

from assignment_svc.locks import store
from assignment_svc.locks.store import Lock
from assignment_svc.scope import visible
from assignment_svc.work_items.item import WAITING, WORKED_ON, WorkItem
from assignment_svc.work_items.store import find_item, note_in_history
from assignment_svc.work_items.transition import lock_lost

LONGEST: Final = timedelta(hours=2)
_DEFAULT: Final = timedelta(minutes=15)


async def take_lock(work: UnitOfWork, caller: Identity, lead_id: str) -> Lock:
    """Raises 404, 409 for a lead that cannot be edited, or 423 naming who has it until when."""
    item = await _item(work, caller, lead_id)
    if item.state not in WAITING | WORKED_ON:
        raise conflict("lead-not-open", "The lead is not being worked on, so it cannot be locked.")
    lock = await store.take(work, lead_id, caller.user_id, await _time(work, lead_id))
    if lock is None:
        raise await locked(work, lead_id)
    return lock


async def keep_lock(work: UnitOfWork, caller: Identity, lead_id: str, token: int | None) -> Lock:
    """Extends it, two hours in all at most; raises 423 when it is lost."""
    await _item(work, caller, lead_id)
    lock = None
    if token is not None:
        times = (await _time(work, lead_id), LONGEST)
        lock = await store.extend(work, lead_id, (caller.user_id, token), times)
    if lock is None:
        raise lock_lost()
    return lock


async def end_lock(work: UnitOfWork, caller: Identity, lead_id: str, token: int | None) -> None:
    """Gives up the caller's own lock, or, by a supervisor without a token, breaks whosever it is."""
    item = await _item(work, caller, lead_id)
    if token is not None:
        if not await store.give_up(work, lead_id, caller.user_id, token):
            raise lock_lost()
        return
    if not caller.is_supervisor:
        raise lock_lost()
    holder = await store.break_lock(work, lead_id)
    if holder is not None:
        await note_in_history(work, item, "lock_broken", caller.user_id, {"holder": holder})


async def locked(work: UnitOfWork, lead_id: str) -> DomainError:
    lock = await store.find_lock(work, lead_id)
    told = {} if lock is None else {"holder": lock.holder, "until": lock.expires_at.isoformat()}
    detail = "Somebody else is working on this lead, or on another one with the same phone number."
    return DomainError(Kind.LOCKED, "locked", detail, extra=told)


async def _item(work: UnitOfWork, caller: Identity, lead_id: str) -> WorkItem:
    return visible(caller, await find_item(work, lead_id))


async def _time(work: UnitOfWork, lead_id: str) -> timedelta:
    return min(await store.read_lock_time(work, lead_id) or _DEFAULT, LONGEST)
