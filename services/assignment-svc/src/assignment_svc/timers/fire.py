"""What is due is done: one portion per call, in one transaction; says how much there was."""

from typing import Final

from messaging.unit_of_work import UnitOfWork

from assignment_svc.queue.claims.store import promote_cooled
from assignment_svc.reference.people import sweep
from assignment_svc.reference.store import take_due_sweeps
from assignment_svc.timers import store
from assignment_svc.timers.expire import expire
from assignment_svc.timers.store import DueClaim
from assignment_svc.work_items.give_back import give_back
from assignment_svc.work_items.item import CLAIMED
from assignment_svc.work_items.transition import transition

PORTION: Final = 500
_LOCATIONS: Final = {"queue": "queue", "pending": "pending"}


async def promote(work: UnitOfWork) -> int:
    """E3: leads whose cool-down has passed become callable."""
    return await promote_cooled(work, PORTION)


async def expire_due(work: UnitOfWork) -> int:
    """E8 and E12: leads leave when their list ends or their age is reached."""
    due = await store.take_expired(work, PORTION)
    await transition(work, [expire(item, reason) for item, reason in due])
    return len(due)


async def follow_claims(work: UnitOfWork) -> int:
    """A2.6: the lock has ended and no call was logged: the claim follows *status after request*."""
    due = await store.take_due_claims(work, PORTION)
    extended = [claim.item.lead_id for claim in due if claim.locked and claim.item.state == CLAIMED]
    await store.postpone(work, extended)
    await store.forget(work, [claim.item.lead_id for claim in due if claim.item.lead_id not in extended])
    await transition(
        work,
        [
            give_back(claim.item, None, why="nothing-done", location=_LOCATIONS[claim.status_after_request])
            for claim in due
            if _idle(claim) and claim.item.lead_id not in extended
        ],
    )
    return len(due)


async def sweep_again(work: UnitOfWork) -> int:
    due = await take_due_sweeps(work, PORTION)
    await sweep(work, due)
    return len(due)


async def clear_locks(work: UnitOfWork) -> int:
    """Forgets locks that have ended; who takes one over does not need this."""
    await store.clear_locks(work, PORTION)
    return 0


def _idle(claim: DueClaim) -> bool:
    return claim.item.state == CLAIMED and not claim.called and claim.status_after_request in _LOCATIONS
