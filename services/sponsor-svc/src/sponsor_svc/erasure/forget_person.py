"""Erasure of a person (I2.27): statistics count and keep nobody; contacts that a CRM announced wait here as people, and
messages may name one.
"""

from contracts.events.intake import ErasureRequestedV1
from contracts.events.sponsor import ErasureCompletedV1
from messaging.forgetting import forget
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from sponsor_svc.crm.forget_contacts import forget_contacts


async def forget_person(work: UnitOfWork, received: Received[ErasureRequestedV1]) -> None:
    event = received.event
    removed = await forget(work, [*event.lead_ids, event.erasure_id])
    for table, rows in (await forget_contacts(work, event.person)).items():
        removed[table] = removed.get(table, 0) + rows
    work.publish(ErasureCompletedV1(erasure_id=event.erasure_id, removed=removed), sequence=1)
