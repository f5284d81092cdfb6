"""A lead that is not accepted yet, with other content: checked again as new."""

from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
from asyncpg import Record
from contracts.events.values import Problem
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict

from lead_intake_svc.intake.candidate import Candidate
from lead_intake_svc.intake.decide import Decided, Known, decide_all
from lead_intake_svc.intake.store import lock_guard, look_up
from lead_intake_svc.quarantine import store
from lead_intake_svc.quarantine.conclude import Verdict, conclude
from lead_intake_svc.revisions import store as revisions
from lead_intake_svc.revisions.content import content_of, wanted_content
from lead_intake_svc.revisions.rules import changed_fields


@dataclass(frozen=True, slots=True)
class Rechecked:
    """`own_duplicate`: the earlier lead with the same person, if the same partner sent it."""

    status: str
    reason: str | None
    location: str | None
    held: bool
    problems: tuple[Problem, ...]
    own_duplicate: str | None


async def recheck(work: UnitOfWork, row: Record, candidate: Candidate, actor: str) -> Rechecked:
    """The caller holds the row. Raises 409 when the same person is being sent at this moment."""
    before, after = content_of(row), wanted_content(candidate)
    fields = changed_fields(before, after)
    decided = await _decide(work, row, candidate)
    await store.set_content(work, row["id"], [*(after[name] for name in revisions.COLUMNS), candidate.fingerprint])
    if fields:
        await revisions.keep_revision(work, row, datetime.now(UTC), fields, {name: before[name] for name in fields})
    await store.retire(work, row["id"], _left(row, candidate))
    verdict = Verdict(
        status=decided.status,
        reason=decided.reason,
        problems=decided.problems,
        actor=actor,
        billable=decided.billable,
        duplicate_of=decided.duplicate.lead_id if decided.duplicate else None,
    )
    await conclude(work, row, candidate, verdict)
    duplicate = decided.duplicate
    own = duplicate.lead_id if duplicate and duplicate.partner_id == row["partner_id"] else None
    return Rechecked(decided.status, decided.reason, decided.location, decided.held, decided.problems, own)


async def _decide(work: UnitOfWork, row: Record, candidate: Candidate) -> Decided:
    """Reserved first and looked up then: whoever adds the same person meanwhile has to wait, and will see this one."""
    await lock_guard(work.connection)
    try:
        async with work.part():
            await store.reserve(work, row["id"], candidate.identities)
    except asyncpg.UniqueViolationError:
        raise conflict("lead-busy", "The same person is being sent by somebody else. Try again.") from None
    await store.retire(work, row["id"], candidate.identities)
    now = datetime.now(UTC)
    known = await look_up(work.connection, [candidate], now)
    others = Known(known.guard, {}, known.suppressed, known.duplicates, returned=known.returned)
    (decided,) = decide_all([candidate], others, now)
    assert isinstance(decided, Decided)  # noqa: S101 -- nothing was said to exist
    return decided


def _left(row: Record, candidate: Candidate) -> list[tuple[str, str]]:
    """What the person was known by until now."""
    prefix = "test-" if row["test"] else ""
    kept = set(candidate.identities)
    held = [(prefix + kind, row[kind]) for kind in ("phone", "email") if row[kind] is not None]
    return [identity for identity in held if identity not in kept]
