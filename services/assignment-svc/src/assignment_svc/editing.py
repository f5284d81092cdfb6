"""What every write to a lead asks first: may the caller see it, is it in the right state, is the lock live."""

from messaging.unit_of_work import UnitOfWork
from servicekit.identity import Identity
from servicekit.problems import conflict

from assignment_svc.locks.hold import locked
from assignment_svc.locks.store import find_lock, pin_lock
from assignment_svc.scope import require_readable, visible
from assignment_svc.work_items.hold import hold_one
from assignment_svc.work_items.item import CLAIMED, CLOSED_BY_AGENT, ERASED, WorkItem
from assignment_svc.work_items.store import find_item, find_with_lock
from assignment_svc.work_items.transition import lock_lost


async def find_visible(work: UnitOfWork, caller: Identity, lead_id: str) -> WorkItem:
    """For work on it: an own lead, or a pending one for those who may. Raises 404, or 403 `lead-not-visible`."""
    return await _require_visible(work, caller, await find_item(work, lead_id))


async def find_readable(work: UnitOfWork, caller: Identity, lead_id: str) -> WorkItem:
    """Raises 404, or 403 `lead-not-visible`."""
    return await require_readable(work, caller, await find_item(work, lead_id))


async def claimed_for_writing(work: UnitOfWork, caller: Identity, lead_id: str, token: int | None) -> WorkItem:
    """A claimed lead whose lock the caller holds; raises 404, 409 or 423 `lock-lost`."""
    found, lock = await find_with_lock(work, lead_id)
    item = await _require_visible(work, caller, found)
    if item.state != CLAIMED:
        raise conflict("lead-not-claimed", "The lead is not claimed, so this step cannot be taken.")
    if lock is None or lock != (caller.user_id, token):
        raise lock_lost()
    return item


async def claimed_and_held(work: UnitOfWork, caller: Identity, lead_id: str, token: int | None) -> WorkItem:
    """As `claimed_for_writing`, for steps that write more than one transition."""
    await _held(work, caller, lead_id)
    return await claimed_for_writing(work, caller, lead_id, token)


async def open_for_writing(work: UnitOfWork, caller: Identity, lead_id: str, token: int | None) -> WorkItem:
    """For writes that do not need a claim: an agent needs the lock; others must not write under somebody else's.

    The lead is held: what is written may be of several tables, and its transition may come last. Nothing is written of
    somebody who was erased.
    """
    item = await _held(work, caller, lead_id)
    refuse_erased(item)
    if token is not None and not await pin_lock(work, lead_id, caller.user_id, token):
        raise lock_lost()
    if token is None and not caller.is_supervisor:
        raise lock_lost()
    lock = await find_lock(work, lead_id)
    if token is None and lock is not None and lock.holder != caller.user_id:
        raise await locked(work, lead_id)
    return item


def refuse_erased(item: WorkItem) -> None:
    """I2.27: whatever were kept now, nothing would ever take away again."""
    if item.state == ERASED:
        raise conflict("lead-erased", "This person was erased: nothing more is kept of the lead.")


async def _require_visible(work: UnitOfWork, caller: Identity, found: WorkItem | None) -> WorkItem:
    item = visible(caller, found)
    return await require_readable(work, caller, item) if item.state in CLOSED_BY_AGENT else item


async def _held(work: UnitOfWork, caller: Identity, lead_id: str) -> WorkItem:
    """As it is once nobody else can move it; nobody holds what they may not see."""
    await find_visible(work, caller, lead_id)
    await hold_one(work, lead_id)
    return await find_visible(work, caller, lead_id)


async def not_locked_by_others(work: UnitOfWork, caller: Identity, lead_id: str) -> None:
    """For what is no edit of the lead itself; raises 423 naming who has it until when."""
    lock = await find_lock(work, lead_id)
    if lock is not None and lock.holder != caller.user_id:
        raise await locked(work, lead_id)
