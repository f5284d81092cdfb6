"""The same `external_id` again (I2.16): the current state, or the lead grown, or the reason why not."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
from asyncpg import Record
from contracts.events.intake import LeadUpdatedV1
from contracts.events.values import Problem
from lead_intake_svc.checks.problem import QUARANTINE, REJECT
from lead_intake_svc.intake.candidate import Candidate, worst
from lead_intake_svc.intake.decide import Decided, Known, decide_all
from lead_intake_svc.intake.events import content_fields
from lead_intake_svc.intake.outcomes import LeadAnswer
from lead_intake_svc.intake.store import look_up
from lead_intake_svc.revisions import store
from lead_intake_svc.revisions.rules import changed_fields, may_change, public_status
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError, FieldError, Kind, conflict


async def revise_lead(work: UnitOfWork, lead_id: str, candidate: Candidate) -> tuple[LeadAnswer, bool]:
    """The lead as it is then, and whether anything changed. Raises 409 for a lead that is finished, 422 for content
    that the checks refuse: then the lead stays as it is.
    """
    row = await store.find_locked(work, lead_id)
    candidate = _still_replacing(row, candidate)
    before, after = _content_of(row), _wanted(candidate)
    fields = [] if row["fingerprint"] == candidate.fingerprint else changed_fields(before, after)
    if not fields:
        return _answer(row), False
    status = public_status(row["status"], row["work_state"], row["own_state"])
    if row["project_id"] != candidate.ref.project_id:
        raise conflict("lead-in-other-project", "The lead was sent to another project.")
    if not may_change(status):
        raise conflict("lead-finished", f"The lead is {status}: it cannot be changed any more.")
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
    return replace(candidate, content=content)


def _content_of(row: Record) -> dict[str, Any]:
    return {name: row[name] for name in store.COLUMNS}


def _wanted(candidate: Candidate) -> dict[str, Any]:
    person = candidate.person
    return {
        "contact_list_id": candidate.ref.contact_list_id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "phone": person.phone,
        "email": person.email,
        "content": msgspec.to_builtins(candidate.content),
    }


async def _check(work: UnitOfWork, row: Record, candidate: Candidate, now: datetime) -> tuple[Problem, ...]:
    """The checks run again as for a new lead, except that the lead is no duplicate of itself."""
    known = await look_up(work.connection, [candidate], now)
    same_person = (row["phone"], row["email"]) == (candidate.person.phone, candidate.person.email)
    others = {i: match for i, match in known.duplicates.items() if match.lead_id != row["id"]}
    duplicates = {} if same_person else others
    (decided,) = decide_all([candidate], Known(known.guard, {}, known.suppressed, duplicates), now)
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
    ref = msgspec.structs.replace(candidate.ref, lead_id=row["id"], sponsor_id=row["sponsor_id"], test=row["test"])
    fields |= {"lead": ref, "hold": row["held"], "priority": row["priority"], "billable": row["billable"]}
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
