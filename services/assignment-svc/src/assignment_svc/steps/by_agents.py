"""What an agent does with a claimed lead: put it back, resolve it, say that it is invalid."""

from datetime import UTC, datetime, timedelta
from typing import Final

from contracts.events.assignment import LeadInvalidatedV1, LeadReleasedV1, LeadResolvedV1
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import invalid

from assignment_svc.dispositions.store import find_for_campaign
from assignment_svc.reference.store import read_queue_rules
from assignment_svc.work_items.change import Change, after, lead_ref
from assignment_svc.work_items.expire import expire
from assignment_svc.work_items.item import INVALID, QUEUED, RESOLVED, WorkItem
from assignment_svc.work_items.store import find_items
from assignment_svc.work_items.transition import transition_one

SALES: Final = "sales"


async def release(work: UnitOfWork, item: WorkItem, actor: str, token: int, note: str | None) -> None:
    """A2.5: an attempt is counted; callable again after the cool-down, or expired when it was the last one."""
    rules = await read_queue_rules(work, item.project_id)
    next_attempt_at = datetime.now(UTC) + (rules.cool_down if rules else timedelta(hours=1))
    attempts = item.attempts + 1
    event = LeadReleasedV1(
        lead=lead_ref(item),
        actor=actor,
        received_at=item.received_at,
        agent_id=item.agent_id or actor,
        attempts=attempts,
        next_attempt_at=next_attempt_at,
        note=note,
    )
    new = after(item, QUEUED, location="queue", attempts=attempts, next_attempt_at=next_attempt_at)
    data = {"attempts": attempts, "next_attempt_at": next_attempt_at, "note": note}
    await transition_one(work, Change(item=item, after=new, event=event, actor=actor, data=data, token=token))
    if rules is not None and attempts >= rules.max_attempts:
        released = (await find_items(work, [item.lead_id]))[item.lead_id]
        await transition_one(work, expire(released, "attempts"))


async def resolve(work: UnitOfWork, item: WorkItem, actor: str, token: int, given: tuple[str, str | None]) -> None:
    """A1.3; `given`: disposition id and note.

    Raises 422 unless it is an active disposition of kind *sales*, of the call centre of the lead's campaign.
    """
    disposition_id, note = given
    disposition, call_centre = await find_for_campaign(work, disposition_id, item.project_id)
    if disposition is None or not disposition.active:
        raise invalid("disposition-unknown", "There is no such disposition in use.", "/disposition_id")
    if disposition.kind != SALES:
        raise invalid("disposition-not-sales", "A lead is resolved with a sales disposition.", "/disposition_id")
    if call_centre is not None and disposition.call_centre.casefold() != call_centre.casefold():
        raise invalid("disposition-elsewhere", "This disposition is another call centre's.", "/disposition_id")
    event = LeadResolvedV1(
        lead=lead_ref(item),
        actor=actor,
        received_at=item.received_at,
        agent_id=item.agent_id or actor,
        disposition_id=disposition_id,
        disposition=disposition.name,
        note=note,
    )
    new = after(item, RESOLVED, agent_id=item.agent_id, disposition_id=disposition_id)
    data = {"disposition_id": disposition_id, "disposition": disposition.name, "note": note}
    await transition_one(work, Change(item=item, after=new, event=event, actor=actor, data=data, token=token))


async def invalidate(work: UnitOfWork, item: WorkItem, actor: str, token: int, reason: str) -> None:
    event = LeadInvalidatedV1(
        lead=lead_ref(item), actor=actor, received_at=item.received_at, reason=reason, agent_id=item.agent_id
    )
    new = after(item, INVALID, agent_id=item.agent_id, reason=reason)
    change = Change(item=item, after=new, event=event, actor=actor, data={"reason": reason}, token=token)
    await transition_one(work, change)
