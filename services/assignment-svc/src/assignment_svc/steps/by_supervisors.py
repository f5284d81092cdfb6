"""What supervisors do with leads: assign, take away, hand over, move between pending and queue, reopen."""

from contracts.events.assignment import (
    LeadAssignedV1,
    LeadPendedV1,
    LeadQueuedV1,
    LeadReassignedV1,
    LeadReopenedV1,
)
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError, conflict, invalid

from assignment_svc.agent_options.store import read_options
from assignment_svc.assignments.rules import NOT_RESPONSIBLE, Refusal, why_not
from assignment_svc.leads.suppress import suppress_leads
from assignment_svc.orders.store import read_status
from assignment_svc.reference.store import works_as_agent
from assignment_svc.target_group.store import kept_for_others
from assignment_svc.work_items.change import Change, after, lead_ref
from assignment_svc.work_items.give_back import give_back
from assignment_svc.work_items.item import CLAIMED, QUEUED, REOPENABLE, WAITING, WorkItem, waiting_state
from assignment_svc.work_items.transition import transition_one


async def assign(work: UnitOfWork, item: WorkItem, actor: str, agent_id: str) -> None:
    """A1.5: only leads whose newest order is partial; raises 409 when it is taken, 422 when it may not be."""
    status = await read_status(work, item.order_id) if item.order_id else None
    options = await read_options(work, agent_id)
    refusal = why_not(item, status, any_order=options.view_non_partial_orders)
    if refusal is not None:
        raise _refused(refusal)
    await require_agent(work, agent_id)
    await _require_responsible(work, item, agent_id)
    await transition_one(work, assigning(item, actor, agent_id, via="manual"))


def assigning(item: WorkItem, actor: str, agent_id: str, *, via: str) -> Change:
    event = LeadAssignedV1(lead=lead_ref(item), actor=actor, received_at=item.received_at, agent_id=agent_id, via=via)
    new = after(item, CLAIMED, agent_id=agent_id)
    return Change(item=item, after=new, event=event, actor=actor, data={"via": via})


async def unassign(work: UnitOfWork, item: WorkItem, actor: str) -> None:
    """A1.4: back to where it came from; breaks the lock."""
    _require_claimed(item)
    await transition_one(work, give_back(item, actor, why="unassigned"))


async def reassign(work: UnitOfWork, item: WorkItem, actor: str, agent_id: str) -> None:
    """Hands a claim over; breaks the lock. Nothing happens when the agent has it already."""
    _require_claimed(item)
    if item.agent_id == agent_id:
        return
    await require_agent(work, agent_id)
    await _require_responsible(work, item, agent_id)
    previous = item.agent_id or ""
    event = LeadReassignedV1(
        lead=lead_ref(item),
        actor=actor,
        received_at=item.received_at,
        agent_id=agent_id,
        previous_agent_id=previous,
    )
    new = after(item, CLAIMED, agent_id=agent_id)
    data = {"previous_agent_id": previous}
    await transition_one(work, Change(item=item, after=new, event=event, actor=actor, data=data))


async def reopen(work: UnitOfWork, item: WorkItem, actor: str, reason: str) -> None:
    """Back to the queue with all its attempts; a lead that the call centre rejected goes through validation instead."""
    if item.state not in REOPENABLE:
        raise conflict("lead-not-closed", "Only resolved, invalid and expired leads can be reopened.")
    if not item.validated:
        raise conflict("not-validated", "The call centre has not confirmed this lead. Reopen its case instead.")
    event = LeadReopenedV1(lead=lead_ref(item), actor=actor, received_at=item.received_at, reason=reason)
    new = after(item, QUEUED, location="queue", attempts=0)
    await transition_one(work, Change(item=item, after=new, event=event, actor=actor, data={"reason": reason}))
    await suppress_leads(work, [item.lead_id])


async def relocate(work: UnitOfWork, item: WorkItem, actor: str, location: str) -> None:
    """A2.4: between `pending` and `queue`. Nothing happens when it is there already."""
    if item.state not in WAITING:
        raise conflict("lead-not-waiting", "The lead is neither pending nor in the queue.")
    state = waiting_state(location)
    if item.state == state:
        return
    event_class = LeadQueuedV1 if state == QUEUED else LeadPendedV1
    event = event_class(lead=lead_ref(item), actor=actor, received_at=item.received_at)
    new = after(item, state, location=location, next_attempt_at=item.next_attempt_at)
    await transition_one(work, Change(item=item, after=new, event=event, actor=actor))


def _require_claimed(item: WorkItem) -> None:
    if item.state != CLAIMED:
        raise conflict("lead-not-claimed", "Nobody has this lead.")


async def _require_responsible(work: UnitOfWork, item: WorkItem, agent_id: str) -> None:
    if await kept_for_others(work, [item.lead_id], agent_id):
        raise _refused(NOT_RESPONSIBLE)


def _refused(refusal: Refusal) -> DomainError:
    if refusal.conflict:
        return conflict(refusal.code, refusal.detail)
    return invalid(refusal.code, refusal.detail, "/lead_id")


async def require_agent(work: UnitOfWork, agent_id: str, pointer: str = "/agent_id") -> None:
    """Raises 422."""
    if not await works_as_agent(work, agent_id):
        raise invalid("agent-not-active", "There is no active leads agent with this id.", pointer)
