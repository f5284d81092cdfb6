"""What happens to leads when a time comes: cool-downs end, leads grow too old, claims were not made use of."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from messaging.unit_of_work import UnitOfWork

from assignment_svc.queue.claims.store import promote
from assignment_svc.timers.store import remind, remind_at
from assignment_svc.work_items.expire import expire
from assignment_svc.work_items.give_back import give_back
from assignment_svc.work_items.item import WorkItem
from assignment_svc.work_items.store import DueClaim, find_ended, find_idle
from assignment_svc.work_items.transition import transition

_AGAIN: Final = timedelta(seconds=1)
_LOCATIONS: Final = {"queue": "queue", "pending": "pending"}


async def cool(work: UnitOfWork, lead_ids: Sequence[str]) -> None:
    """E3: leads whose cool-down has passed become callable."""
    await remind(work, "cooled", await promote(work, lead_ids), _AGAIN)


async def end(work: UnitOfWork, lead_ids: Sequence[str]) -> None:
    """E8 and E12: leads that nobody has leave when their list ends or their age is reached."""
    ended: list[tuple[WorkItem, str]] = await find_ended(work, lead_ids)
    moved = await transition(work, [expire(item, reason) for item, reason in ended])
    await remind(work, "expiry", [item.lead_id for item, _ in ended if item.lead_id not in moved], _AGAIN)


async def follow_claims(work: UnitOfWork, lead_ids: Sequence[str]) -> None:
    """A2.6: the lock has ended and no call was logged: the claim follows *status after request*.

    Not while the project is passive: nobody could have called.
    """
    claims = await find_idle(work, lead_ids)
    await remind_at(work, "idle-claim", [(one.item.lead_id, one.locked_until) for one in claims if one.locked_until])
    idle = [one for one in claims if _is_over(one)]
    moved = await transition(
        work,
        [give_back(one.item, None, why="nothing-done", location=_LOCATIONS[one.status_after_request]) for one in idle],
    )
    await remind(work, "idle-claim", [one.item.lead_id for one in idle if one.item.lead_id not in moved], _AGAIN)


def _is_over(claim: DueClaim) -> bool:
    return claim.locked_until is None and not claim.called and claim.status_after_request in _LOCATIONS
