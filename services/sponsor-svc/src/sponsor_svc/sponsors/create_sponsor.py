from contracts.events.sponsor import SponsorCreatedV1
from contracts.ids import new_id
from messaging.unit_of_work import UnitOfWork

from sponsor_svc.sponsors import store
from sponsor_svc.sponsors.sponsor import Sponsor, told


async def create_sponsor(work: UnitOfWork, name: str, code: str | None, contact: str | None) -> Sponsor:
    """Raises 409 when the name is taken. From its commit on, new projects and products need a sponsor (S0.4)."""
    await store.own_the_rule(work)
    sponsor = await store.insert(work, new_id("spo"), name, code, contact)
    work.publish(told(sponsor, SponsorCreatedV1), sequence=sponsor.version)
    return sponsor
