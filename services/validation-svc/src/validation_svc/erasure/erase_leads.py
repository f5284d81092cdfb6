"""Removes all that is personal about leads, and gives the receipt for it (I2.27)."""

from contracts.events.intake import ErasureRequestedV1
from contracts.events.validation import ErasureCompletedV1
from messaging.forgetting import forget
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork
from servicekit.idempotency import forget_answers

from validation_svc.erasure import store


async def erase_leads(work: UnitOfWork, received: Received[ErasureRequestedV1]) -> None:
    """A repeat removes what came since, mostly nothing, and gives a receipt again."""
    lead_ids = received.event.lead_ids
    removed = await store.erase(work, lead_ids)
    removed |= await forget(work, lead_ids)
    removed["idempotency_keys"] = await forget_answers(work, lead_ids)
    receipt = ErasureCompletedV1(erasure_id=received.event.erasure_id, removed=removed)
    work.publish(receipt, sequence=1)
