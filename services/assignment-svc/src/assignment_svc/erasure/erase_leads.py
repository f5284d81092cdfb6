"""I2.27: forgets what is personal about leads, and gives a receipt. A tombstone keeps them from coming back."""

from collections.abc import Sequence

from contracts.events.assignment import ErasureCompletedV1
from contracts.events.intake import ErasureRequestedV1
from messaging.forgetting import forget
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork
from servicekit.idempotency import forget_answers

from assignment_svc.erasure import store
from assignment_svc.withdrawals import rules
from assignment_svc.withdrawals.apply_facts import apply_facts
from assignment_svc.withdrawals.receive import take
from assignment_svc.work_items.hold import hold


async def receive_erasure(work: UnitOfWork, received: Received[ErasureRequestedV1]) -> None:
    """Leads that are not here yet are refused when they come; a repeat finds nothing left and says so."""
    event = received.event
    lead_ids = sorted(set(event.lead_ids))
    facts = [
        {"lead_id": one, "fact": rules.ERASURE, "cause_id": event.erasure_id, "version": 1, "status": rules.FINAL}
        for one in lead_ids
    ]
    await take(work, facts)
    await hold(work, lead_ids)
    removed = await _forget(work, lead_ids)
    work.publish(ErasureCompletedV1(erasure_id=event.erasure_id, removed=removed), sequence=1)


async def look_again(work: UnitOfWork, lead_ids: Sequence[str]) -> None:
    """What a fact about a lead missed because the lead was being stored at that moment."""
    await apply_facts(work, lead_ids)
    erased = await store.find_erased(work, lead_ids)
    if erased:
        await _forget(work, erased)


async def _forget(work: UnitOfWork, lead_ids: Sequence[str]) -> dict[str, int]:
    """How many rows per table, answers that are kept for repeats of a request among them."""
    removed = await store.scrub(work, lead_ids) | await forget(work, lead_ids)
    return removed | {"idempotency_keys": await forget_answers(work, lead_ids)}
