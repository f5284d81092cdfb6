"""Everything that this service knows about a person, as a file (I2.27)."""

from datetime import UTC, datetime
from typing import Any

from lead_intake_svc.access import store
from lead_intake_svc.erasure.shapes import PersonWanted
from lead_intake_svc.erasure.subject import find_person
from lead_intake_svc.suppressions.hashing import Hashing
from messaging.unit_of_work import UnitOfWork

COVERAGE = (
    "Covered: what lead-intake keeps about the person (leads with consent evidence, earlier versions, checks, returns, "
    "sales, suppressions, legal holds), and what the other services told it about these leads: call attempts, "
    "dispositions and notes, validation, orders, call-backs, surveys, e-mails and webhooks, in each lead's timeline. "
    "Not covered: the texts of e-mails that were sent (notify keeps them), contacts of a CRM campaign that nobody has "
    "activated yet, recordings of calls (Leadwire makes none), backups, and copies that partners and sponsors hold."
)


async def collect(work: UnitOfWork, wanted: PersonWanted, hashing: Hashing) -> dict[str, Any]:
    person = await find_person(work, wanted)
    values = [*person.identities, *((kind, hashing(kind, value)) for kind, value in person.identities)]
    found = await store.read(work, person.lead_ids, values)
    return {
        "made_at": datetime.now(UTC),
        "person": [{"kind": kind, "value": value} for kind, value in person.identities],
        "coverage": COVERAGE,
        **found,
    }
