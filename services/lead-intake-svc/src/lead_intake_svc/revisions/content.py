"""What a repeated push may change of a lead: as it is stored, and as it is wanted."""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from asyncpg import Record
from lead_intake_svc.corrections.rules import kept
from lead_intake_svc.intake.candidate import Candidate, Sender, make_candidate
from lead_intake_svc.intake.json_body import located
from lead_intake_svc.intake.shapes import LeadInput
from lead_intake_svc.revisions.store import COLUMNS
from pydantic import ValidationError
from servicekit.http import validation_failed

_FIELDS = ("external_id", "project_id", "contact_list_id", "first_name", "last_name", "phone", "email", "test")


def content_of(row: Record) -> dict[str, Any]:
    return {name: row[name] for name in COLUMNS}


def wanted_content(candidate: Candidate) -> dict[str, Any]:
    person = candidate.person
    return {
        "contact_list_id": candidate.ref.contact_list_id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "phone": person.phone,
        "email": person.email,
        "content": msgspec.to_builtins(candidate.content),
    }


def with_changes(row: Record, changes: Mapping[str, Any]) -> LeadInput:
    """The stored lead as it would be sent today. What is not among the changes stays, `custom` key by key; an explicit
    null clears. Raises 422 for changes that make no lead of it.
    """
    stored = {name: row[name] for name in _FIELDS} | {"location": row["asked_location"]} | row["content"]
    custom = {**stored.get("custom", {}), **changes.get("custom", {})}
    try:
        return LeadInput.model_validate(stored | dict(changes) | {"custom": custom})
    except ValidationError as error:
        raise validation_failed(located(error)) from None


def grown(row: Record, candidate: Candidate, corrected: Collection[str]) -> Candidate:
    """The stored lead with what was sent now, checked as a whole. What an agent has corrected stays."""
    lead = with_changes(row, kept(candidate.sent.model_dump(exclude_unset=True), row["content"], corrected))
    sender = Sender(candidate.partner, test=row["test"])
    return as_stored(row, make_candidate(lead, sender, candidate.project, candidate.fingerprint, candidate.outside))


def as_stored(row: Record, candidate: Candidate) -> Candidate:
    """The candidate under the lead's own id."""
    ref = msgspec.structs.replace(candidate.ref, lead_id=row["id"], sponsor_id=row["sponsor_id"], test=row["test"])
    return msgspec.structs.replace(candidate, ref=ref)
