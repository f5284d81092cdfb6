"""What follows from a decision: the row, its duplicates' memory, the event and the timeline, in one transaction."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import msgspec
from asyncpg import Record
from contracts.event import Event
from contracts.events.intake import LeadAcceptedV1, LeadMovedV1, LeadQuarantinedV1, LeadRejectedV1
from contracts.events.values import Problem
from contracts.ids import new_uuid
from messaging.unit_of_work import UnitOfWork

from lead_intake_svc.intake.candidate import Candidate
from lead_intake_svc.intake.events import content_fields
from lead_intake_svc.progress.store import add_entries
from lead_intake_svc.quarantine import store
from lead_intake_svc.quarantine.follow_acceptance import follow_acceptance


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a lead becomes. `actor` decided, or edited it; `words` say why, for the timeline only."""

    status: str
    reason: str | None
    problems: tuple[Problem, ...]
    actor: str
    words: str | None = None
    billable: bool = True
    duplicate_of: str | None = None


async def conclude(work: UnitOfWork, row: Record, candidate: Candidate, verdict: Verdict) -> None:
    """The caller holds the row. Of a lead whose status stays as it is, only another contact list is told."""
    now = datetime.now(UTC)
    accepted = verdict.status == "accepted"
    location = candidate.partner.location(row["asked_location"]) if accepted else None
    held = accepted and candidate.project.hold
    billable = verdict.billable and candidate.content.replacement_for is None
    values = (verdict.status, verdict.reason, location, held, billable)
    await store.settle(work, row["id"], (*values, list(verdict.problems), verdict.duplicate_of, now))
    if verdict.status == "rejected":
        await store.retire(work, row["id"], candidate.identities)
    else:
        await store.revive(work, row["id"], candidate.identities)
    if row["first_status"] is None:
        await _note_first(work, row)
    event_id = new_uuid()
    if verdict.status != row["status"]:
        event = _event(row, candidate, replace(verdict, billable=billable), location)
        event_id = work.publish(event, sequence=row["version"] + 1).id
    elif candidate.ref.contact_list_id != row["contact_list_id"]:
        work.publish(LeadMovedV1(lead=candidate.ref), sequence=row["version"] + 1)
    data: dict[str, Any] = {"reason": verdict.reason, "note": verdict.words, "location": location}
    shown = {name: value for name, value in data.items() if value is not None}
    summary = f"Lead {verdict.status}" + (f" ({verdict.reason})" if verdict.reason else "")
    event_type = f"intake.lead.{verdict.status}.v1"
    await add_entries(work, [(row["id"], now, event_id, verdict.actor, event_type, summary, shown)])
    if accepted and row["status"] != "accepted":
        await follow_acceptance(work, candidate, held=held)


async def _note_first(work: UnitOfWork, row: Record) -> None:
    """What the row itself said until now."""
    status, reason = row["status"], row["reason"]
    summary = f"Lead {status}" + (f" ({reason})" if reason else "")
    data = {"reason": reason} if reason else {}
    entry = (row["id"], row["received_at"], new_uuid(), row["partner_id"], f"intake.lead.{status}.v1", summary, data)
    await add_entries(work, [entry])


def _event(row: Record, candidate: Candidate, verdict: Verdict, location: str | None) -> Event:
    problems = list(verdict.problems)
    if location is not None:
        fields = content_fields(candidate, row["received_at"])
        fields |= {"priority": row["priority"], "billable": verdict.billable}
        return LeadAcceptedV1(location=location, problems=problems, **fields)
    event_class = LeadRejectedV1 if verdict.status == "rejected" else LeadQuarantinedV1
    return event_class(
        lead=candidate.ref,
        external_id=candidate.external_id,
        received_at=row["received_at"],
        reason=verdict.reason or "",
        problems=problems,
    )


def problems_of(row: Record) -> tuple[Problem, ...]:
    return msgspec.convert(row["problems"], tuple[Problem, ...])
