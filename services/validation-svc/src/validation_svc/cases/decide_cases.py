"""A validator decides on cases (V4.4, V4.5)."""

from collections.abc import Sequence
from typing import Any

from asyncpg import Record
from contracts.events.validation import (
    CaseAttemptedV1,
    CaseConfirmedV1,
    CaseEvent,
    CaseExhaustedV1,
    CaseRejectedV1,
    ReturnProposedV1,
)
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError, Kind, not_found

from validation_svc.cases import store
from validation_svc.cases.rules import Decision, Standing, contact_status, why_refused

_EVENTS: dict[str, type[CaseEvent]] = {
    "unconfirmed": CaseAttemptedV1,
    "exhausted": CaseExhaustedV1,
    "confirmed": CaseConfirmedV1,
    "rejected": CaseRejectedV1,
}
RETURN_REASON = "validation-rejected"


async def decide_cases(
    work: UnitOfWork, asked: Sequence[Decision], by: store.Decider, rules: store.AttemptRules
) -> list[Record | DomainError]:
    """For each decision the case it changed, or why it could not: 404, or 409 with the decision that came first.

    At most one decision per lead.
    """
    decided = await store.decide(work, asked, by, rules)
    for row in decided.values():
        event = _EVENTS[row["state"]](
            lead=store.lead_ref(row), attempts=row["attempts"], decided_by=row["decided_by"], note=row["note"]
        )
        work.publish(event, sequence=row["version"])
        if row["state"] == "rejected" and row["propose_return"] in {"automatic", "ask"}:
            _propose_return(work, row)
    refused = [decision.lead_id for decision in asked if decision.lead_id not in decided]
    standing = await store.read_standing(work, refused, sees_all=by.sees_all) if refused else {}
    return [decided.get(d.lead_id) or _refusal(standing.get(d.lead_id), d, by) for d in asked]


def _propose_return(work: UnitOfWork, row: Record) -> None:
    """V4.10: a part of the same step, hence with its version."""
    proposal = ReturnProposedV1(
        lead=store.lead_ref(row),
        mode=row["propose_return"],
        reason=RETURN_REASON,
        note=row["note"],
        decided_by=row["decided_by"],
    )
    work.publish(proposal, sequence=row["version"])


def _refusal(row: Record | None, asked: Decision, by: store.Decider) -> DomainError:
    if row is None:
        return not_found()
    standing = Standing(row["state"], row["returning"], row["shown"], row["lease_token"])
    code, detail = why_refused(standing, asked, decides_exhausted=by.decides_exhausted)
    return DomainError(Kind.CONFLICT, code, detail, extra={"decision": _decision(row)})


def _decision(standing: Record) -> dict[str, Any]:
    decided_at = standing["decided_at"]
    return {
        "status": standing["state"],
        "contact_status": contact_status(standing["state"]),
        "attempts": standing["attempts"],
        "version": standing["version"],
        "decided_by": standing["decided_by"],
        "decided_at": decided_at.isoformat().replace("+00:00", "Z") if decided_at else None,
        "note": standing["note"],
    }
