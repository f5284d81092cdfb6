"""Does to leads what others decided about them; breaks locks, and says who had the lead."""

from collections.abc import Collection, Sequence
from typing import Final

from contracts.events.assignment import LeadRestoredV1, LeadSuppressedV1, LeadWithdrawnV1
from messaging.unit_of_work import UnitOfWork

from assignment_svc.leads.apply_verdicts import apply_verdicts
from assignment_svc.leads.store import meet_verdicts
from assignment_svc.leads.suppress import suppress_leads
from assignment_svc.withdrawals import store
from assignment_svc.withdrawals.rules import Fate, fate_of
from assignment_svc.withdrawals.store import Standing
from assignment_svc.work_items.change import After, Change, after, lead_ref
from assignment_svc.work_items.give_back import give_back
from assignment_svc.work_items.hold import hold
from assignment_svc.work_items.item import HELD, RETURN_HOLD, SOLD, SUPPRESSED, WORKED_ON, WorkItem, waiting_state
from assignment_svc.work_items.transition import transition

_ROUNDS: Final = 5


async def apply_facts(work: UnitOfWork, lead_ids: Collection[str]) -> None:
    """An item that somebody moves at the same moment is found again in its new state."""
    await hold(work, lead_ids)
    for _ in range(_ROUNDS):
        fates = [
            (one, fate) for one in await store.find_standing(work, lead_ids) if (fate := fate_of(one.item, one.facts))
        ]
        if not fates:
            return
        moved = await transition(work, [_change(one, fate) for one, fate in fates])
        await _follow(work, [(one, fate) for one, fate in fates if one.item.lead_id in moved])


async def _follow(work: UnitOfWork, moved: Sequence[tuple[Standing, Fate]]) -> None:
    away = {one.item.lead_id: one for one, fate in moved if fate.state in {RETURN_HOLD, SOLD}}
    restored = [one for one, fate in moved if fate.state is None]
    # What was being returned when it was sold is what it was before that.
    paused = {lead_id: as_it_is(one.item) for lead_id, one in away.items() if one.item.state != RETURN_HOLD}
    await store.keep_before(work, paused)
    await store.drop_before(work, [one.item.lead_id for one, _ in moved if one.item.lead_id not in away])
    await store.wind_up(work, [one.item.lead_id for one, fate in moved if fate.state not in {None, RETURN_HOLD}])
    if restored:
        await _go_on(work, restored)


async def _go_on(work: UnitOfWork, restored: Sequence[Standing]) -> None:
    """What happened in the meantime, and could not touch them, does now."""
    lead_ids = [one.item.lead_id for one in restored]
    held = [one.item.lead_id for one in restored if one.before is not None and one.before.state == HELD]
    await apply_verdicts(work, await meet_verdicts(work, held))
    await store.remind_open(work, lead_ids)
    absent = await store.find_absent(work, lead_ids)
    await transition(work, [give_back(item, None, why="agent-inactive") for item in absent])
    await suppress_leads(work, lead_ids)


def as_it_is(item: WorkItem) -> After:
    return After(
        state=item.state,
        location=item.location,
        agent_id=item.agent_id,
        attempts=item.attempts,
        calls=item.calls,
        next_attempt_at=item.next_attempt_at,
        reason=item.reason,
        disposition_id=item.disposition_id,
        validated=item.validated,
        claimed_at=item.claimed_at,
    )


def _change(one: Standing, fate: Fate) -> Change:
    item = one.item
    if fate.state is None:
        return _restore(one, fate)
    lead, received_at = lead_ref(item), item.received_at
    told: LeadSuppressedV1 | LeadWithdrawnV1
    if fate.state == SUPPRESSED:
        told = LeadSuppressedV1(lead=lead, received_at=received_at, suppression_id=fate.reason, agent_id=item.agent_id)
    else:
        told = LeadWithdrawnV1(
            lead=lead, received_at=received_at, reason=fate.reason, cause_id=fate.cause_id, agent_id=item.agent_id
        )
    new = after(item, fate.state, reason=fate.reason)
    return Change(item=item, after=new, event=told, actor=None, data={"reason": fate.reason, "cause_id": fate.cause_id})


def _restore(one: Standing, fate: Fate) -> Change:
    item = one.item
    before = one.before or after(item, waiting_state(item.location))
    if item.state == SOLD and before.state in WORKED_ON:
        before = after(item, waiting_state(item.location))  # whoever had it has other work by now
    told = LeadRestoredV1(
        lead=lead_ref(item),
        received_at=item.received_at,
        state=before.state,
        cause_id=fate.cause_id,
        agent_id=before.agent_id,
    )
    return Change(item=item, after=before, event=told, actor=None, data={"cause_id": fate.cause_id})
