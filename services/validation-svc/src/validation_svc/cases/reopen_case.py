"""An admin gives a rejected or exhausted case back to the validators (V4.8)."""

from asyncpg import Record
from contracts.events.validation import CaseReopenedV1
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict, not_found

from validation_svc.cases import store


async def reopen_case(work: UnitOfWork, lead_id: str, by: str, reason: str) -> Record:
    """Raises 404, or 409 for a case that is open, or confirmed and therefore final. Attempts count from 0 again."""
    row = await store.reopen(work, lead_id, by, reason)
    if row is None:
        standing = (await store.read_last_decisions(work, [lead_id])).get(lead_id)
        if standing is None:
            raise not_found()
        if standing["state"] == "confirmed":
            raise conflict("case-final", "A confirmed case is final.")
        raise conflict("case-open", "The case is open.")
    event = CaseReopenedV1(lead=store.lead_ref(row), attempts=0, decided_by=by, note=reason)
    work.publish(event, sequence=row["version"])
    return row
