"""An agent's next lead is the one that they promised to call by now, if the rules allow the call (A3.10)."""

from datetime import UTC, datetime, timedelta
from typing import Final

from asyncpg import Record
from contracts.envelope import Trace
from contracts.events.assignment import LeadClaimedV1
from messaging.unit_of_work import UnitOfWork

from assignment_svc.callbacks import store
from assignment_svc.locks.store import read_lock_time, take
from assignment_svc.queue.claims.store import Limits
from assignment_svc.queue.eligibility.examine import Asking, examine_lead
from assignment_svc.timers.store import remind_at
from assignment_svc.work_items.change import Change, after, lead_ref
from assignment_svc.work_items.item import CLAIMED, WorkItem
from assignment_svc.work_items.store import read_view
from assignment_svc.work_items.transition import transition

_DEFAULT_LOCK: Final = timedelta(minutes=15)
# Who asks is there; and a promise is the agent's own, whatever the campaign does with its other leads.
_NOT_ASKED: Final = frozenset({"online", "pulled"})


async def claim_due(
    work: UnitOfWork, limits: Limits, agent_id: str, project_id: str | None, trace: Trace
) -> Record | None:
    """The row that a claim answers with; None when there is nothing that may be called now."""
    last: store.Promise | None = None
    while promises := await store.find_due(work, agent_id, project_id, last):
        for last in promises:
            asking = Asking(last.item.lead_id, agent_id, limits.cap, limits.offline_after, datetime.now(UTC))
            if {one.key for one in await examine_lead(work, asking)} - _NOT_ASKED:
                continue
            claimed = await _keep(work, last, agent_id, trace)
            if claimed is not None:
                return claimed
    return None


async def _keep(work: UnitOfWork, promise: store.Promise, agent_id: str, trace: Trace) -> Record | None:
    item, callback_id = promise.item, promise.callback_id
    lock = await take(work, item.lead_id, agent_id, await read_lock_time(work, item.lead_id) or _DEFAULT_LOCK)
    if lock is None or not await transition(work, [_claim(item, agent_id, callback_id, trace)]):
        return None
    await store.set_status(work, [callback_id], "done")
    await remind_at(work, "idle-claim", [(item.lead_id, lock.expires_at)])
    return await read_view(work, item.lead_id)


def _claim(item: WorkItem, agent_id: str, callback_id: str, trace: Trace) -> Change:
    event = LeadClaimedV1(lead=lead_ref(item), actor=agent_id, received_at=item.received_at, agent_id=agent_id)
    new = after(item, CLAIMED, agent_id=agent_id)
    return Change(
        item=item,
        after=new,
        event=event,
        actor=agent_id,
        data={"callback_id": callback_id},
        keeps_lock=True,
        trace=trace,
    )
