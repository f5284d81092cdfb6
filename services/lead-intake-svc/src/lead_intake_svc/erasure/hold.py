"""Legal holds: what may not be erased, and why."""

from datetime import UTC, datetime

from asyncpg import Record
from contracts.ids import new_id
from lead_intake_svc.erasure import store
from lead_intake_svc.erasure.shapes import HoldWanted
from lead_intake_svc.suppressions.shapes import normalised
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import invalid, not_found


async def set_hold(work: UnitOfWork, wanted: HoldWanted, actor: str) -> Record:
    if wanted.lead_id is not None and not await store.lead_exists(work, wanted.lead_id):
        raise invalid("lead-unknown", "There is no such lead.", "/lead_id")
    kind = value = None
    if wanted.phone is not None:
        kind, value = "phone", normalised("phone", wanted.phone, wanted.region)
    elif wanted.email is not None:
        kind, value = "email", normalised("email", wanted.email, None)
    if wanted.lead_id is not None:
        await store.lock_leads(work, [wanted.lead_id])
    now = datetime.now(UTC)
    return await store.insert_hold(work, (new_id("hld"), wanted.lead_id, kind, value, wanted.reason, actor, now))


async def lift_hold(work: UnitOfWork, hold_id: str, actor: str) -> Record:
    """Raises 404 for a hold that is not, or no longer, there."""
    row = await store.lift_hold(work, hold_id, actor, datetime.now(UTC))
    if row is None:
        raise not_found()
    return row
