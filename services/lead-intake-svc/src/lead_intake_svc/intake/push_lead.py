"""One lead in, one answer out: after the commit."""

import asyncio
from dataclasses import dataclass

import msgspec
from lead_intake_svc.intake.candidate import Candidate
from lead_intake_svc.intake.decide import Decided, Existing
from lead_intake_svc.intake.group_commit import GroupCommit
from lead_intake_svc.intake.outcomes import LeadAnswer, answer_of, as_http
from lead_intake_svc.intake.own_transaction import OwnTransaction
from lead_intake_svc.intake.settle import KeyReused, Outcome, Replayed
from lead_intake_svc.revisions.revise_lead import revise_lead
from messaging.database import Database
from servicekit.idempotency_many import Once, StoredAnswer, store_answers
from servicekit.problems import DomainError, Kind, invalid


@dataclass(frozen=True, slots=True)
class Pushed:
    """`status` 201: stored now; 200: it was there, and `changed` says whether it is another now."""

    status: int
    answer: LeadAnswer
    changed: bool = True


def in_progress() -> DomainError:
    return DomainError(
        Kind.CONFLICT, "idempotency-in-progress", "The same request is still running.", headers={"Retry-After": "1"}
    )


class Intake:
    def __init__(self, database: Database, group: GroupCommit, alone: OwnTransaction) -> None:
        self._database = database
        self._group = group
        self._alone = alone

    async def push(self, candidate: Candidate) -> Pushed:
        """Raises what `revise_lead` raises, and 503 when nothing is known to be committed."""
        return await self.conclude(candidate, await self.submit(candidate))

    async def push_once(self, candidate: Candidate, once: Once) -> tuple[StoredAnswer, bool]:
        """With an `Idempotency-Key`: the answer, and whether it is a repeated one."""
        keyed = msgspec.structs.replace(candidate, once=once)
        outcome = await self.submit(keyed)
        match outcome:
            case Replayed(answer):
                return answer, True
            case KeyReused():
                raise invalid("idempotency-key-reused", "The key was used before with another request.")
            case Decided():
                return as_http(answer_of(outcome), 201), False
            case Existing(lead_id):
                return await self._revise_once(lead_id, keyed, once), False
            case _:
                raise in_progress()

    async def conclude(self, candidate: Candidate, outcome: Outcome) -> Pushed:
        """For candidates without a key."""
        if isinstance(outcome, Decided):
            return Pushed(201, answer_of(outcome))
        assert isinstance(outcome, Existing)  # noqa: S101 -- the other outcomes belong to keys
        async with self._database.unit_of_work() as work:
            answer, changed = await revise_lead(work, outcome.lead_id, candidate)
        return Pushed(200, answer, changed)

    def submit(self, candidate: Candidate) -> asyncio.Future[Outcome]:
        """Done when the candidate's fate is committed: with that of others, wherever that is possible."""
        if self._alone.needed(candidate):
            return asyncio.ensure_future(self._alone.settle(candidate))
        return self._group.submit(candidate)

    async def _revise_once(self, lead_id: str, candidate: Candidate, once: Once) -> StoredAnswer:
        async with self._database.unit_of_work() as work:
            answer, _ = await revise_lead(work, lead_id, candidate)
            stored = as_http(answer, 200)
            if not await store_answers(work.connection, [(once, stored)]):
                raise in_progress()
        return stored
