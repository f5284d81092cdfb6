from asyncpg import Record
from contracts.events.intake import PartnerCreatedV1
from contracts.ids import new_id
from lead_intake_svc.partners import store
from lead_intake_svc.partners.events import partner_event
from lead_intake_svc.partners.shapes import NewPartner
from lead_intake_svc.reference.store import bump
from messaging.unit_of_work import UnitOfWork


async def create_partner(work: UnitOfWork, wanted: NewPartner) -> Record:
    row = await store.insert(work, new_id("ptr"), wanted.model_dump())
    await bump(work, "partners")
    work.publish(partner_event(PartnerCreatedV1, row), sequence=row["version"])
    return row
