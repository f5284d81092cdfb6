"""A validator decides on cases (V4.4, V4.5)."""

from collections.abc import Sequence
from typing import Any

from asyncpg import Record
from contracts.events.validation import CaseAttemptedV1, CaseConfirmedV1, CaseEvent, CaseExhaustedV1, CaseRejectedV1
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError, Kind, not_found

from validation_svc.cases import store
from validation_svc.cases.rules import Decision, contact_status

_EVENTS: dict[str, type[CaseEvent]] = {
    "unconfirmed": CaseAttemptedV1,
    "exhausted": CaseExhaustedV1,
    "confirmed": CaseConfirmedV1,
    "rejected": CaseRejectedV1,
}


async def decide_cases(
    work: UnitOfWork, asked: Sequence[Decision], by: store.Decider, max_attempts: int
) -> list[Record | DomainError]:
    """For each decision the case it changed, or why it could not: 404, or 409 with the decision that came first.

    At most one decision per lead.
    """
    decided = await store.decide(work, asked, by, max_attempts)
    for row in decided.values():
        event = _EVENTS[row["state"]](
            lead=store.lead_ref(row), attempts=row["attempts"], decided_by=row["decided_by"], note=row["note"]
        )
        work.publish(event, sequence=row["version"])
    refused = [decision.lead_id for decision in asked if decision.lead_id not in decided]
    standing = await store.read_last_decisions(work, refused) if refused else {}
    return [decided.get(d.lead_id) or _refusal(standing.get(d.lead_id)) for d in asked]


def _refusal(standing: Record | None) -> DomainError:
    if standing is None:
        return not_found()
    detail = {
        "unconfirmed": "Somebody decided on this case since you read it.",
        "exhausted": "All attempts on this case were used. An admin decides on it.",
    }.get(standing["state"], f"The case was {standing['state']} before.")
    return DomainError(Kind.CONFLICT, "case-already-decided", detail, extra={"decision": _decision(standing)})


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
