"""A lead pushed in the stead of a returned one (I2.22)."""

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from asyncpg import Record
from contracts.events.intake import LeadReplacedV1, ReplacementUndoneV1
from lead_intake_svc.intake.candidate import Candidate
from lead_intake_svc.leads.store import next_version
from lead_intake_svc.leads.whole_lead import lead_ref
from lead_intake_svc.replacements import store
from lead_intake_svc.replacements.rules import refusal
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError, Kind, invalid

POINTER = "/replacement_for"


@dataclass(frozen=True, slots=True)
class Taker:
    """Who comes in the stead of another; `set_by`: the admin who said so, None for the partner."""

    lead_id: str
    partner_id: str
    was_billable: bool = True
    set_by: str | None = None


async def find_original(work: UnitOfWork, candidate: Candidate) -> Record:
    """The lead to be replaced, held. Another partner's is as unknown as one that never was."""
    original = await store.lock_original(work, candidate.ref.partner_id, candidate.content.replacement_for or "")
    if original is None or original["test"] != candidate.ref.test:
        raise invalid("replacement-unknown", "There is no such lead to be replaced.", POINTER)
    no = refusal(await store.state_of(work, original["id"], candidate.identities))
    if no is not None:
        code, words = no
        raise invalid(code, words, POINTER) if code.endswith("person") else DomainError(Kind.CONFLICT, code, words)
    return original


def standing_in_for(candidate: Candidate, original_id: str) -> Candidate:
    """Whatever name the partner used, the lead's id is kept."""
    return msgspec.structs.replace(
        candidate, content=msgspec.structs.replace(candidate.content, replacement_for=original_id)
    )


async def take_slot(work: UnitOfWork, original: Record, taker: Taker) -> None:
    """The original's row is held. Whoever had the slot, and was rejected in validation, is no replacement any more."""
    former = await store.accepted_in_slot(work, original["id"])
    values = (original["id"], taker.lead_id, taker.partner_id, taker.was_billable, taker.set_by)
    await store.take_slot(work, values, datetime.now(UTC))
    if former is not None and former != taker.lead_id:
        await tell_undone(work, original, former)


async def tell_undone(work: UnitOfWork, original: Record, replacement_id: str) -> None:
    version = await next_version(work, original["id"])
    work.publish(ReplacementUndoneV1(lead=lead_ref(original), replacement_id=replacement_id), sequence=version)


async def tell_replaced(work: UnitOfWork, original: Record, replacement_id: str) -> None:
    """Once the replacement is accepted."""
    version = await next_version(work, original["id"])
    work.publish(LeadReplacedV1(lead=lead_ref(original), replacement_id=replacement_id), sequence=version)
