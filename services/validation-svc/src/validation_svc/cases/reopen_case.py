"""An admin gives a rejected or exhausted case back to the validators (V4.8)."""

from asyncpg import Record
from contracts.events.validation import CaseReopenedV1
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError, conflict, not_found

from validation_svc.cases import store


async def reopen_case(work: UnitOfWork, lead_id: str, by: str, reason: str) -> Record:
    """Raises 404, or 409 for a case that is open, final, or whose lead was returned. Attempts count from 0 again."""
    row = await store.reopen(work, lead_id, by, reason)
    if row is None:
        raise _refusal((await store.read_standing(work, [lead_id], sees_all=True)).get(lead_id))
    event = CaseReopenedV1(lead=store.lead_ref(row), attempts=0, decided_by=by, note=reason)
    work.publish(event, sequence=row["version"])
    return row


def _refusal(standing: Record | None) -> DomainError:
    if standing is None:
        return not_found()
    if standing["state"] in {"confirmed", "released"}:
        return conflict("case-final", f"A {standing['state']} case is final.")
    if standing["state"] == "unconfirmed":
        return conflict("case-open", "The case is open.")
    return conflict("lead-returned", "The lead is on its way back to its partner, or returned.")
