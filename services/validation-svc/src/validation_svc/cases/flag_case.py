"""An admin shows a case to the validators whose first check was not valid, or takes that back (V4.3)."""

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict, not_found

from validation_svc.cases import store


async def flag_case(work: UnitOfWork, lead_id: str, by: str, *, valid: bool, reason: str) -> Record:
    """Raises 404, or 409 for a case that is decided, or flagged so already. Nobody outside hears of it."""
    row = await store.flag(work, lead_id, by, valid=valid, reason=reason)
    if row is None:
        standing = (await store.read_standing(work, [lead_id], sees_all=True)).get(lead_id)
        if standing is None:
            raise not_found()
        if standing["state"] not in {"unconfirmed", "exhausted"}:
            raise conflict("case-already-decided", f"The case was {standing['state']} before.")
        raise conflict("flag-unchanged", "The case is flagged so already.")
    return row
