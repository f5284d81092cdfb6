"""Putting a returned lead into categories (I2.23)."""

from collections.abc import Sequence

from asyncpg import Record
from lead_intake_svc.return_flags.store import usable
from lead_intake_svc.returns import store
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict, invalid, not_found


async def set_flags(work: UnitOfWork, return_id: str, flags: Sequence[str]) -> Record:
    """Replaces them. Only leads that were taken back have flags; one that is no longer in use may stay."""
    row = await store.find(work, return_id, None, lock=True)
    if row is None:
        raise not_found()
    if row["state"] != "accepted":
        raise conflict("lead-not-returned", "The lead has not been taken back.")
    wanted = list(dict.fromkeys(flags))
    if wanted == row["flags"]:
        return row
    new = [flag for flag in wanted if flag not in row["flags"]]
    if len(await usable(work, new)) < len(new):
        raise invalid("return-flag-unknown", "There is no such flag, or it is not active.", "/flags")
    return await store.set_flags(work, return_id, wanted)
