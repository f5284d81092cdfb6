"""A person decides about a quarantined lead."""

from dataclasses import dataclass
from datetime import UTC, datetime

from asyncpg import Record
from contracts.events.values import Problem
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError, FieldError, Kind, conflict, not_found

from lead_intake_svc.checks.problem import QUARANTINE, REJECT
from lead_intake_svc.intake.candidate import Candidate
from lead_intake_svc.intake.decide import UNDELIVERABLE, suppression_problems
from lead_intake_svc.intake.store import lock_guard, look_up
from lead_intake_svc.quarantine import store
from lead_intake_svc.quarantine.conclude import Verdict, conclude, problems_of
from lead_intake_svc.quarantine.rebuild import Rebuild


@dataclass(frozen=True, slots=True)
class DecideLead:
    lead_id: str
    accept: bool
    reason: str
    actor: str


async def decide_lead(work: UnitOfWork, command: DecideLead, rebuild: Rebuild) -> Record:
    """Raises 404, and 409 for a lead that is not quarantined, that a list suppresses now, or that lacks its consent:
    those nobody may override.
    """
    await lock_guard(work.connection)
    row = await store.find_locked(work, command.lead_id, None)
    if row is None:
        raise not_found()
    if row["status"] != "quarantined":
        raise conflict("lead-not-quarantined", f"The lead is {row['status']}: there is nothing to decide.")
    candidate = rebuild.candidate(row, await rebuild.lead(row, {}))
    if command.accept:
        await _check_deliverable(work, row, candidate)
    verdict = Verdict(
        status="accepted" if command.accept else "rejected",
        reason=None if command.accept else row["reason"],
        problems=problems_of(row),
        actor=command.actor,
        words=command.reason,
        billable=candidate.content.replacement_for is None,
        duplicate_of=row["duplicate_of"],
    )
    await conclude(work, row, candidate, verdict)
    decided = await store.find_locked(work, command.lead_id, None)
    assert decided is not None  # noqa: S101 -- it is held
    return decided


def revoked(row: Record, candidate: Candidate) -> bool:
    """A consent that was given after the revocation counts."""
    at, consent = row["consent_revoked_at"], candidate.content.consent
    return at is not None and (consent is None or consent.given_at <= at)


async def _check_deliverable(work: UnitOfWork, row: Record, candidate: Candidate) -> None:
    now = datetime.now(UTC)
    known = await look_up(work.connection, [candidate], now)
    found = [*suppression_problems(candidate, now, listed=0 in known.suppressed), *candidate.problems]
    if revoked(row, candidate):
        words = "The person has revoked the consent."
        found.append(Problem(code="consent-revoked", level=REJECT, field="/consent", detail=words))
    grave = [
        problem
        for problem in found
        if problem.level in {QUARANTINE, REJECT} and problem.code in {*UNDELIVERABLE, "consent-revoked"}
    ]
    if grave:
        errors = [FieldError(problem.field or "", problem.code, problem.detail) for problem in grave]
        raise DomainError(Kind.CONFLICT, "lead-undeliverable", "Nobody may work this lead now.", errors)
