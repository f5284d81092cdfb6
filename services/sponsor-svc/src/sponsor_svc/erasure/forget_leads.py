"""Erasure of a person (I2.27): statistics count and keep nobody, so only kept messages have to go."""

from contracts.events.intake import ErasureRequestedV1
from contracts.events.sponsor import ErasureCompletedV1
from messaging.forgetting import forget
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork


async def forget_leads(work: UnitOfWork, received: Received[ErasureRequestedV1]) -> None:
    event = received.event
    removed = await forget(work, event.lead_ids)
    work.publish(ErasureCompletedV1(erasure_id=event.erasure_id, removed=removed), sequence=1)
