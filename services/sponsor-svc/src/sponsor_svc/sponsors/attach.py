"""S0.4: whether something may be made without a sponsor, and which sponsors it may have."""

from messaging.unit_of_work import UnitOfWork
from servicekit.problems import invalid

from sponsor_svc.sponsors import store

_POINTER = "/sponsor_id"


async def check_new(work: UnitOfWork, sponsor_id: str | None) -> None:
    """For a new project or product. Raises 422 when a sponsor is required, unknown or archived.

    The answer stays true until the transaction ends, so that no request slips through beside the first sponsor.
    """
    if sponsor_id is not None:
        await check_attachable(work, sponsor_id)
    elif await store.is_any_active_shared(work):
        raise invalid(
            "sponsor-required", "There is an active sponsor, so a new one of these needs a sponsor.", _POINTER
        )


async def check_change(work: UnitOfWork, current: str | None, wanted: str | None) -> None:
    """For a project or product that exists: a sponsor may be added or changed, never removed."""
    if wanted == current:
        return
    if wanted is None:
        raise invalid("sponsor-not-removable", "A sponsor may be added or changed, but not removed.", _POINTER)
    await check_attachable(work, wanted)


async def check_attachable(work: UnitOfWork, sponsor_id: str) -> None:
    status = await store.hold_status(work, sponsor_id)
    if status is None:
        raise invalid("sponsor-unknown", "There is no such sponsor.", _POINTER)
    if status != "active":
        raise invalid("sponsor-archived", "Nothing can be attached to an archived sponsor.", _POINTER)
