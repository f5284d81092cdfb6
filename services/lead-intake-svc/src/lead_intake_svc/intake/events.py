"""What others hear of a lead."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contracts.event import Event
from contracts.events.intake import LeadAcceptedV1, LeadQuarantinedV1, LeadRejectedV1
from lead_intake_svc.intake.candidate import Candidate
from lead_intake_svc.intake.decide import Decided

_REFUSALS: Mapping[str, type[LeadRejectedV1 | LeadQuarantinedV1]] = {
    "rejected": LeadRejectedV1,
    "quarantined": LeadQuarantinedV1,
}


def decision_event(decided: Decided) -> Event:
    candidate = decided.candidate
    if decided.location is not None:
        fields = content_fields(candidate, decided.received_at)
        problems = list(decided.problems)
        return LeadAcceptedV1(location=decided.location, problems=problems, billable=decided.billable, **fields)
    return _REFUSALS[decided.status](
        lead=candidate.ref,
        external_id=candidate.external_id,
        received_at=decided.received_at,
        reason=decided.reason or "",
        problems=list(decided.problems),
    )


def content_fields(candidate: Candidate, received_at: datetime) -> dict[str, Any]:
    """What accepted and updated leads say alike."""
    content = candidate.content
    return {
        "lead": candidate.ref,
        "external_id": candidate.external_id,
        "received_at": received_at,
        "priority": candidate.partner.priority,
        "hold": candidate.project.hold,
        "person": candidate.person,
        "after_validation": candidate.project.after_validation,
        "country": candidate.project.region,
        "account": content.account,
        "order": content.order,
        "consent": content.consent,
        "comments": content.comments,
        "contact_time": content.contact_time,
        "custom": content.custom,
        "replacement_for": content.replacement_for,
    }
