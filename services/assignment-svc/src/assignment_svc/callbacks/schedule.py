"""Promising a call, moving it, calling it off."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, TypeVar

from contracts.events.assignment import CallbackEvent, CallbackScheduledV1, LeadPendedV1, LeadQueuedV1
from contracts.ids import new_id
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict, invalid

from assignment_svc.callbacks import store
from assignment_svc.callbacks.rules import Meant, meant
from assignment_svc.callbacks.store import Callback, Reminded
from assignment_svc.timers.store import remind_at
from assignment_svc.work_items.change import Change, after, lead_ref
from assignment_svc.work_items.item import CALLBACK, QUEUED, WorkItem, waiting_state
from assignment_svc.work_items.transition import transition_one

E = TypeVar("E", bound=CallbackEvent)
TIMER: Final = "callback"
_PROBLEMS: Final = {
    "zone-unclear": "The lead's time zone is not known for certain: give the time with an offset.",
    "in-the-past": "The time is in the past.",
    "too-far": "The time is more than a year away.",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """`at` with an offset, or on the lead's clock."""

    at: datetime
    private: bool
    note: str | None


async def schedule(work: UnitOfWork, item: WorkItem, actor: str, token: int, wish: Wish) -> Callback:
    """The claim ends without an attempt; the lead waits for its time. Raises 422 for a time that cannot be."""
    when = await _meant(work, item.lead_id, wish.at)
    agent_id = item.agent_id or actor
    new = Callback(
        new_id("cbk"),
        item.lead_id,
        item.project_id,
        agent_id,
        1,
        "scheduled",
        wish.private,
        when.at,
        when.time_zone,
        wish.note,
    )
    await transition_one(work, _tell(item, actor, new, token))
    await store.insert_callback(work, new)
    await remind_at(work, TIMER, [(new.callback_id, new.at)])
    return new


async def move(work: UnitOfWork, item: WorkItem, actor: str, old: Callback, wish: Wish) -> Callback:
    """Raises 409 when it is over, or was changed at the same moment."""
    _require_waiting(item)
    when = await _meant(work, item.lead_id, wish.at)
    wanted = replace(old, at=when.at, time_zone=when.time_zone, private=wish.private, note=wish.note)
    new = await store.change_callback(work, wanted)
    if new is None:
        raise conflict("changed-meanwhile", "Somebody changed this call-back at the same moment. Read it again.")
    await transition_one(work, _tell(item, actor, new, None))
    await remind_at(work, TIMER, [(new.callback_id, new.at)])
    return new


async def call_off(work: UnitOfWork, item: WorkItem, actor: str, old: Callback) -> None:
    """The lead goes back to where it came from before it was claimed, and can be called at once."""
    _require_waiting(item)
    state = waiting_state(item.location)
    event_class = LeadQueuedV1 if state == QUEUED else LeadPendedV1
    event = event_class(lead=lead_ref(item), actor=actor, received_at=item.received_at)
    data = {"callback_id": old.callback_id, "why": "callback-cancelled"}
    await transition_one(work, Change(item=item, after=after(item, state), event=event, actor=actor, data=data))
    await store.set_status(work, [old.callback_id], "cancelled")


def told_as(event: type[E], item: WorkItem, actor: str | None, one: Callback | Reminded) -> E:
    """The event about a call-back of the item."""
    return event(
        lead=lead_ref(item),
        actor=actor,
        received_at=item.received_at,
        callback_id=one.callback_id,
        agent_id=one.agent_id,
        at=one.at,
        private=one.private,
        time_zone=one.time_zone,
        note=one.note,
    )


async def _meant(work: UnitOfWork, lead_id: str, at: datetime) -> Meant:
    when = meant(at, await store.read_zones(work, lead_id), datetime.now(UTC))
    if when.problem is not None:
        raise invalid(when.problem, _PROBLEMS[when.problem], "/at")
    return when


def _require_waiting(item: WorkItem) -> None:
    if item.state != CALLBACK:
        raise conflict("callback-on-hold", "The lead does not wait for this call-back now.")


def _tell(item: WorkItem, actor: str, one: Callback, token: int | None) -> Change:
    event = told_as(CallbackScheduledV1, item, actor, one)
    data = {"callback_id": one.callback_id, "at": one.at, "private": one.private, "note": one.note}
    new = after(item, CALLBACK, agent_id=one.agent_id, next_attempt_at=one.at)
    return Change(item=item, after=new, event=event, actor=actor, data=data, token=token)
