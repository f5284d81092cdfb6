"""The client, or an admin, says that a lead is not billable, or is after all (V4.9)."""

from collections.abc import Sequence

from asyncpg import Record
from contracts.events.validation import LeadInvalidatedV1, LeadRevalidatedV1
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict, not_found

from validation_svc.billing import store
from validation_svc.cases.store import lead_ref


async def flip_billable(
    work: UnitOfWork, lead_id: str, sponsor_ids: Sequence[str] | None, *, billable: bool, by: tuple[str, str]
) -> Record:
    """`sponsor_ids` None: an admin's word, as soon as the lead went on; a sponsor's counts once it got the lead.

    Raises 404, also for a lead of another sponsor; 409 before that moment, or when the lead is so already. Of two at
    once the second gets the 409.
    """
    row = await store.flip(work, lead_id, sponsor_ids, billable=billable, by=by)
    if row is None:
        standing = await store.read_billing(work, lead_id, sponsor_ids)
        if standing is None:
            raise not_found()
        if standing["billable"] == billable:
            raise conflict("billable-unchanged", f"The lead is {'billable' if billable else 'not billable'} already.")
        raise conflict("not-delivered", "Only a lead that was confirmed and delivered is invalidated or revalidated.")
    event_class = LeadRevalidatedV1 if billable else LeadInvalidatedV1
    actor, reason = by
    work.publish(event_class(lead=lead_ref(row), reason=reason, actor=actor), sequence=row["version"])
    return row
