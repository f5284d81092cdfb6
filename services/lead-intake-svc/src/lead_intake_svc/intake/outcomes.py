"""What a candidate's sender is told, as it is kept for a repeat of the request."""

import msgspec
from contracts.events.values import Problem
from lead_intake_svc.intake.decide import Decided
from servicekit.idempotency_many import StoredAnswer

_JSON = {"content-type": "application/json"}
_encode = msgspec.json.Encoder().encode


class LeadAnswer(msgspec.Struct, kw_only=True):
    """`duplicate_of` names the lead that was there before, if the same partner sent it (I2.15)."""

    id: str
    status: str
    location: str | None
    held: bool
    reason: str | None = None
    duplicate_of: str | None = None
    problems: tuple[Problem, ...] = ()


def answer_of(decided: Decided) -> LeadAnswer:
    candidate, duplicate = decided.candidate, decided.duplicate
    own = duplicate is not None and duplicate.partner_id == candidate.ref.partner_id
    return LeadAnswer(
        id=candidate.ref.lead_id,
        status=decided.status,
        location=decided.location,
        held=decided.held,
        reason=decided.reason,
        duplicate_of=duplicate.lead_id if duplicate is not None and own else None,
        problems=decided.problems,
    )


def as_http(answer: LeadAnswer, status: int) -> StoredAnswer:
    return StoredAnswer(status, _JSON, _encode(answer))
