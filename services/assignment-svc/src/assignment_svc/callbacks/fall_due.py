"""What happens when the time of a call-back has come, and when its agent did not make it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from contracts.events.assignment import CallbackDueV1, LeadQueuedV1
from messaging.unit_of_work import UnitOfWork

from assignment_svc.callbacks import store
from assignment_svc.callbacks.schedule import TIMER, told_as
from assignment_svc.callbacks.store import Reminded
from assignment_svc.timers.store import remind, remind_at
from assignment_svc.work_items.change import Change, after, lead_ref
from assignment_svc.work_items.hold import hold
from assignment_svc.work_items.item import CALLBACK, QUEUED, WorkItem
from assignment_svc.work_items.store import find_items
from assignment_svc.work_items.transition import transition

_AGAIN: Final = timedelta(seconds=1)


async def fall_due(work: UnitOfWork, callback_ids: Sequence[str]) -> None:
    """Private ones are their agent's next lead; public ones, overdue ones, and those of people who left, anybody's.

    In a passive project nothing happens until it is active again.
    """
    now = datetime.now(UTC)
    await hold(work, {one.item.lead_id for one in await store.find_reminded(work, callback_ids)})
    reminded = [one for one in await store.find_reminded(work, callback_ids) if one.is_active and one.at <= now]
    due = [one for one in reminded if one.status == "scheduled"]
    moved = await transition(work, [_due(one) for one in due])
    await store.set_status(work, [one.callback_id for one in due if one.item.lead_id in moved], "due")
    told = [one for one in reminded if one.status == "due" or one.item.lead_id in moved]
    public = [one for one in told if not one.is_private or one.public_at <= now]
    await _make_public(work, public)
    waiting = [(one.callback_id, one.public_at) for one in told if one.is_private and one.public_at > now]
    await remind_at(work, TIMER, waiting)
    await remind(work, TIMER, [one.callback_id for one in due if one.item.lead_id not in moved], _AGAIN)


async def _make_public(work: UnitOfWork, public: Sequence[Reminded]) -> None:
    items = await find_items(work, [one.item.lead_id for one in public]) if public else {}
    moved = await transition(work, [_queue(one, items[one.item.lead_id]) for one in public])
    await store.set_status(work, [one.callback_id for one in public if one.item.lead_id in moved], "done")
    await remind(work, TIMER, [one.callback_id for one in public if one.item.lead_id not in moved], _AGAIN)


def _due(one: Reminded) -> Change:
    item = one.item
    event = told_as(CallbackDueV1, item, None, one)
    new = after(item, CALLBACK, agent_id=item.agent_id, next_attempt_at=item.next_attempt_at)
    data = {"callback_id": one.callback_id, "private": one.private}
    return Change(item=item, after=new, event=event, actor=None, data=data, keeps_lock=True)


def _queue(one: Reminded, item: WorkItem) -> Change:
    """`due` in its data puts it before leads that nobody was promised to."""
    event = LeadQueuedV1(lead=lead_ref(item), received_at=item.received_at)
    data = {"callback_id": one.callback_id, "due": True, "overdue": one.private}
    return Change(item=item, after=after(item, QUEUED, location="queue"), event=event, actor=None, data=data)


async def forget_agent(work: UnitOfWork, agent_id: str) -> None:
    """Somebody who promised calls works here no longer: what is due goes to others, what comes will."""
    await remind(work, TIMER, await store.find_due_of(work, agent_id), timedelta(0))
