"""A lead pushed in the stead of a returned one (I2.22): the whole pipeline, and the slot, in one transaction."""

from dataclasses import replace
from datetime import UTC, datetime

import asyncpg
import msgspec
from asyncpg import Record
from contracts.events.intake import LeadReplacedV1
from lead_intake_svc.intake.candidate import Candidate
from lead_intake_svc.intake.decide import Decided
from lead_intake_svc.intake.settle import Outcome, Raced, settle
from lead_intake_svc.replacements import store
from lead_intake_svc.replacements.rules import refusal
from lead_intake_svc.returns.events import lead_ref
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError, Kind, invalid
from servicekit.unavailable import unavailable

TRIES = 20
OPTIMISTIC_TRIES = 4
POINTER = "/replacement_for"


class Replacements:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def settle(self, candidate: Candidate) -> Outcome:
        """Raises 422 for a lead that cannot be replaced by this one, 409 for one that cannot be replaced (any more)."""
        for tried in range(TRIES):
            try:
                outcome = await self._try(candidate, exclusive=tried >= OPTIMISTIC_TRIES)
            except (Raced, asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError):
                continue
            self._database.outbox_filled()
            return outcome
        raise unavailable()

    async def _try(self, candidate: Candidate, *, exclusive: bool) -> Outcome:
        """On a connection of its own: the rows of a batch are settled side by side."""
        source = self._database.source
        async with self._database.pool.acquire() as connection, connection.transaction():
            work = UnitOfWork(connection, source)
            original = None
            if not await store.pushed_before(work, candidate.ref.partner_id, candidate.external_id):
                original = await _original(work, candidate)
                candidate = _for(candidate, original["id"])
            (outcome,) = await settle(connection, source, [candidate], exclusive=exclusive)
            if isinstance(outcome, Decided) and original is not None and outcome.status != "rejected":
                taker = (original["id"], candidate.ref.lead_id, original["partner_id"], True, None)
                await store.take_slot(work, taker, datetime.now(UTC))
                if outcome.status == "accepted":
                    await tell_replaced(work, original, candidate.ref.lead_id)
            await work.flush()
            return outcome


async def _original(work: UnitOfWork, candidate: Candidate) -> Record:
    """The lead to be replaced, held. Another partner's is as unknown as one that never was."""
    original = await store.lock_original(work, candidate.ref.partner_id, candidate.content.replacement_for or "")
    if original is None or original["test"] != candidate.ref.test:
        raise invalid("replacement-unknown", "There is no such lead to be replaced.", POINTER)
    no = refusal(await store.state_of(work, original["id"], candidate.identities))
    if no is not None:
        code, words = no
        raise invalid(code, words, POINTER) if code.endswith("person") else DomainError(Kind.CONFLICT, code, words)
    return original


def _for(candidate: Candidate, original_id: str) -> Candidate:
    """Whatever name the partner used, the lead's id is kept."""
    return replace(candidate, content=msgspec.structs.replace(candidate.content, replacement_for=original_id))


async def tell_replaced(work: UnitOfWork, original: Record, replacement_id: str) -> None:
    """Once the replacement is accepted."""
    version = await store.next_version(work, original["id"])
    work.publish(LeadReplacedV1(lead=lead_ref(original), replacement_id=replacement_id), sequence=version)
