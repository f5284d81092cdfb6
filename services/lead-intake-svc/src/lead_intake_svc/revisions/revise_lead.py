"""The same `external_id` again (I2.16): the current state, or the lead grown, or the reason why not."""

from datetime import UTC, datetime

import msgspec
from asyncpg import Record
from contracts.events.intake import LeadUpdatedV1
from contracts.events.values import Problem
from lead_intake_svc.checks.problem import QUARANTINE, REJECT
from lead_intake_svc.corrections.store import fields_of
from lead_intake_svc.intake.candidate import Candidate, worst
from lead_intake_svc.intake.decide import Decided, Known, decide_all
from lead_intake_svc.intake.events import content_fields
from lead_intake_svc.intake.outcomes import LeadAnswer
from lead_intake_svc.intake.store import look_up
from lead_intake_svc.quarantine.recheck import Rechecked, recheck
from lead_intake_svc.revisions import store
from lead_intake_svc.revisions.content import content_of, grown, wanted_content
from lead_intake_svc.revisions.rules import changed_fields, public_status, refusal, shrinking
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError, FieldError, Kind, conflict


async def revise_lead(work: UnitOfWork, lead_id: str, candidate: Candidate) -> tuple[LeadAnswer, bool]:
    """The lead as it is then, and whether anything changed. What was not sent again stays. A lead in quarantine is
    checked again as new. Raises 409 with the reason for a lead that is locked or finished, 422 for content that the
    checks refuse: then the lead stays as it is.
    """
    row = await store.find_locked(work, lead_id)
    if row["fingerprint"] == candidate.fingerprint:
        return _answer(row), False
    candidate = _still_replacing(row, grown(row, candidate, await fields_of(work, lead_id)))
    before, after = content_of(row), wanted_content(candidate)
    fields = changed_fields(before, after)
    if not fields:
        return _answer(row), False
    if row["project_id"] != candidate.ref.project_id:
        raise conflict("lead-in-other-project", "The lead was sent to another project.")
    if row["status"] == "quarantined" and row["own_state"] is None:
        return _rechecked(row, await recheck(work, row, candidate, row["partner_id"])), True
    status = public_status(row["status"], row["work_state"], row["own_state"])
    refused = refusal(status) or shrinking(before["content"], after["content"])
    if refused is not None:
        raise conflict(*refused)
    now = datetime.now(UTC)
    problems = await _check(work, row, candidate, now)
    await _add_identities(work, row, candidate)
    values = [*(after[name] for name in store.COLUMNS), problems, candidate.fingerprint, now]
    await store.change(work, lead_id, values)
    await store.keep_revision(work, row, now, fields, {name: before[name] for name in fields})
    _publish(work, row, candidate, problems)
    return _answer(row, problems), True


def _still_replacing(row: Record, candidate: Candidate) -> Candidate:
    """What a lead came in the stead of was settled when it came, and is changed by admins only."""
    kept = row["content"].get("replacement_for")
    content = msgspec.structs.replace(candidate.content, replacement_for=kept)
    return msgspec.structs.replace(candidate, content=content)


async def _check(work: UnitOfWork, row: Record, candidate: Candidate, now: datetime) -> tuple[Problem, ...]:
    """The checks run again as for a new lead, except that the lead is no duplicate of itself."""
    known = await look_up(work.connection, [candidate], now)
    same_person = (row["phone"], row["email"]) == (candidate.person.phone, candidate.person.email)
    others = {i: match for i, match in known.duplicates.items() if match.lead_id != row["id"]}
    duplicates = {} if same_person else others
    returned = frozenset[int]() if same_person else known.returned
    anew = Known(known.guard, {}, known.suppressed, duplicates, returned=returned)
    (decided,) = decide_all([candidate], anew, now)
    assert isinstance(decided, Decided)  # noqa: S101 -- nothing was said to exist
    refused = worst(decided.problems)
    if refused is not None and refused.level in {QUARANTINE, REJECT}:
        errors = [FieldError(problem.field or "", problem.code, problem.detail) for problem in decided.problems]
        raise DomainError(Kind.INVALID, "change-refused", "The lead stays as it was: the checks refuse this.", errors)
    return decided.problems


async def _add_identities(work: UnitOfWork, row: Record, candidate: Candidate) -> None:
    """The old ones stay: whoever sends this person with the old number sends a duplicate all the same."""
    prefix = "test-" if row["test"] else ""
    for kind, value in (("phone", candidate.person.phone), ("email", candidate.person.email)):
        if value is None or value == row[kind]:
            continue
        if not await store.identify(work, prefix + kind, value, row["id"]):
            raise conflict("lead-busy", "The same person is being sent by somebody else. Try again.")


def _publish(work: UnitOfWork, row: Record, candidate: Candidate, problems: tuple[Problem, ...]) -> None:
    fields = content_fields(candidate, row["received_at"])
    fields |= {"hold": row["held"], "priority": row["priority"], "billable": row["billable"]}
    event = LeadUpdatedV1(location=row["location"], problems=list(problems), **fields)
    work.publish(event, sequence=row["version"] + 1, trace=candidate.trace)


def _answer(row: Record, problems: tuple[Problem, ...] | None = None) -> LeadAnswer:
    own = row["duplicate_partner_id"] == row["partner_id"]
    return LeadAnswer(
        id=row["id"],
        status=row["status"],
        location=row["location"],
        held=row["held"],
        reason=row["reason"],
        duplicate_of=row["duplicate_of"] if own else None,
        problems=problems if problems is not None else msgspec.convert(row["problems"], tuple[Problem, ...]),
    )


def _rechecked(row: Record, done: Rechecked) -> LeadAnswer:
    return LeadAnswer(
        id=row["id"],
        status=done.status,
        location=done.location,
        held=done.held,
        reason=done.reason,
        duplicate_of=done.own_duplicate,
        problems=done.problems,
    )
