"""Takes leads out of every hand when a suppression applies to them; breaks the lock."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final

from contracts.events.assignment import LeadSuppressedV1
from messaging.unit_of_work import UnitOfWork

from assignment_svc.leads import store
from assignment_svc.withdrawals.store import wind_up
from assignment_svc.work_items.change import Change, after, lead_ref
from assignment_svc.work_items.hold import hold
from assignment_svc.work_items.item import SUPPRESSED, WorkItem
from assignment_svc.work_items.transition import transition

_ROUNDS: Final = 5
Found = list[tuple[WorkItem, str]]


async def suppress_leads(work: UnitOfWork, lead_ids: Collection[str]) -> None:
    """Looks for suppressions that apply to the leads."""
    if lead_ids:
        await _sweep(work, lambda: store.find_suppressed(work, lead_ids))


async def suppress_by(work: UnitOfWork, kind: str, suppression_ids: Sequence[str]) -> None:
    """Looks for leads to which the suppressions apply."""
    await _sweep(work, lambda: store.find_suppressed_by(work, kind, suppression_ids))


async def _sweep(work: UnitOfWork, find: Callable[[], Awaitable[Found]]) -> None:
    """Leads are held as they were found, and moved as they are then."""
    for _ in range(_ROUNDS):
        found = await find()
        if not found:
            return
        await hold(work, [item.lead_id for item, _ in found])
        moved = await transition(work, [_suppress(item, suppression_id) for item, suppression_id in await find()])
        await wind_up(work, moved)


def _suppress(item: WorkItem, suppression_id: str) -> Change:
    event = LeadSuppressedV1(
        lead=lead_ref(item), received_at=item.received_at, suppression_id=suppression_id, agent_id=item.agent_id
    )
    new = after(item, SUPPRESSED, reason="suppressed")
    return Change(item=item, after=new, event=event, actor=None, data={"suppression_id": suppression_id})
