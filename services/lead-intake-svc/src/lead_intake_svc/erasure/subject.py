"""The person that an erasure, a hold or an access request is about."""

from collections.abc import Sequence
from dataclasses import dataclass

from asyncpg import Record
from lead_intake_svc.erasure import store
from lead_intake_svc.erasure.shapes import PersonWanted
from lead_intake_svc.erasure.written import Written, written
from lead_intake_svc.suppressions.shapes import normalised
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError, Kind


@dataclass(frozen=True, slots=True)
class Person:
    """`identities` are pairs of `phone` or `email` and the normalised value that was asked for."""

    identities: tuple[tuple[str, str], ...]
    lead_ids: tuple[str, ...]

    @property
    def written(self) -> Written:
        return written(self.identities)


async def find_person(work: UnitOfWork, wanted: PersonWanted) -> Person:
    """Every lead that has, or ever had, the number or the address. Raises 422 for what no lead can have."""
    asked = (("phone", wanted.phone), ("email", wanted.email))
    identities = tuple((kind, normalised(kind, value, wanted.region)) for kind, value in asked if value is not None)
    return Person(identities, tuple(await store.find_leads(work, identities)))


async def refuse_on_hold(work: UnitOfWork, person: Person) -> None:
    """Raises 409 with the reason of a legal hold on the person, or on one of the leads."""
    holds: Sequence[Record] = await store.live_holds(work, person.lead_ids, person.identities)
    if holds:
        raise DomainError(
            Kind.CONFLICT,
            "legal-hold",
            "What is kept of this person may not be erased: a legal hold is on it.",
            extra={"holds": [{"id": hold["id"], "reason": hold["reason"]} for hold in holds]},
        )
