"""Gives the leads of a campaign to its agents by the campaign's rule (A3.11), as long as leads wait."""

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from contracts.events.assignment import AlarmRaisedV1, LeadAssignedV1
from messaging.unit_of_work import UnitOfWork

from assignment_svc.alarms.raise_alarm import raise_alarm
from assignment_svc.handing_out import store
from assignment_svc.handing_out.rules import Seat, deal, depths_of, why_nobody
from assignment_svc.queue.claims.store import Limits
from assignment_svc.queue.reference import Key, Reference
from assignment_svc.timers.store import repeat_rule
from assignment_svc.work_items.change import Change, after, lead_ref
from assignment_svc.work_items.item import CLAIMED, WorkItem
from assignment_svc.work_items.transition import transition

UNASSIGNABLE: Final = "lead-unassignable"
_AT_ONCE: Final = 200
# How many leads that may not be called are passed over before the look goes deeper.
_SLACKS: Final = (8, 1000, 100_000)
# Agents come online, claims end, hours begin: leads that wait are looked at again.
_AGAIN: Final = timedelta(seconds=2)
# Looks take a tenth of the time, not more.
_SHARE: Final = 10


def hand_out(limits: Limits) -> Callable[[UnitOfWork, Sequence[str]], Awaitable[None]]:
    """The timer's handler: campaigns in whose queue something may wait."""
    reference = Reference()

    async def handle(work: UnitOfWork, project_ids: Sequence[str]) -> None:
        await reference.refresh(work)
        for project_id in sorted(await store.find_handed_out(work, project_ids)):
            started = time.monotonic()
            await _hand_out(work, reference, limits, project_id)
            if await store.anything_waits(work, project_id):
                took = timedelta(seconds=time.monotonic() - started)
                await repeat_rule(work, [project_id], max(_AGAIN, _SHARE * took))

    return handle


async def _hand_out(work: UnitOfWork, reference: Reference, limits: Limits, project_id: str) -> None:
    keys = reference.open_keys(project_id, datetime.now(UTC))
    if not keys:
        return
    rules = await store.find_rules(work, project_id)
    seats = await store.read_seats(work, limits, project_id)
    pairs = await _deal(work, keys, rules.mode if rules else "", seats)
    moved = await transition(work, [_assign(item, agent_id) for item, agent_id in pairs])
    given = [agent_id for item, agent_id in pairs if item.lead_id in moved]
    if given:
        await store.note_given(work, project_id, list(dict.fromkeys(reversed(given)))[::-1])
    if not pairs:
        await _say_why(work, keys, seats, project_id)


async def _deal(work: UnitOfWork, keys: Sequence[Key], mode: str, seats: Sequence[Seat]) -> list[tuple[WorkItem, str]]:
    """Looks deeper while there is room and too little was found: what may not be called hides nothing behind it."""
    pairs: list[tuple[WorkItem, str]] = []
    for slack in _SLACKS:
        depths = depths_of(seats, _AT_ONCE, slack)
        leads = await store.find_candidates(work, keys, depths, 2 * _AT_ONCE) if depths else []
        dealt = deal(mode, seats, [responsible for _, responsible in leads])
        found = zip(leads, dealt, strict=True)
        pairs = [(item, agent_id) for (item, _), agent_id in found if agent_id is not None]
        if not depths or len(pairs) >= depths[""] - slack:
            break
    return pairs


async def _say_why(work: UnitOfWork, keys: Sequence[Key], seats: Sequence[Seat], project_id: str) -> None:
    waiting, kept = await store.count_stuck(work, keys, _AT_ONCE)
    if waiting:
        detail = why_nobody(seats, waiting, kept)
        await raise_alarm(work, AlarmRaisedV1(alarm=UNASSIGNABLE, key=project_id, detail=detail, project_id=project_id))


def _assign(item: WorkItem, agent_id: str) -> Change:
    event = LeadAssignedV1(lead=lead_ref(item), received_at=item.received_at, agent_id=agent_id, via="rule")
    new = after(item, CLAIMED, agent_id=agent_id)
    return Change(item=item, after=new, event=event, actor=None, data={"via": "rule"})
