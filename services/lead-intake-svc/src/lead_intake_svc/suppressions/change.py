"""Adding and removing suppressions (I2.18). Leads that are being decided at the same time are decided anew."""

from asyncpg import Record
from contracts.events.intake import SuppressionAddedV1, SuppressionRemovedV1
from contracts.ids import new_id
from lead_intake_svc.reference.store import bump
from lead_intake_svc.suppressions import store
from lead_intake_svc.suppressions.shapes import NewSuppression, normalised
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict, not_found


async def add_suppression(work: UnitOfWork, wanted: NewSuppression) -> tuple[Record, bool]:
    """The suppression, and whether it is new: adding what is there changes nothing."""
    values = wanted.model_dump() | {"value": normalised(wanted.kind, wanted.value, wanted.region)}
    row = await store.insert(work, new_id("sup"), values)
    if row is None:
        same = await store.find_same(work, values)
        if same is None:
            raise conflict("suppression-changing", "The suppression is being removed at this moment. Try again.")
        return same, False
    await bump(work, "suppressions")
    work.publish(_event(SuppressionAddedV1, row), sequence=1)
    return row, True


async def remove_suppression(work: UnitOfWork, suppression_id: str) -> None:
    row = await store.delete(work, suppression_id)
    if row is None:
        raise not_found()
    await bump(work, "suppressions")
    work.publish(_event(SuppressionRemovedV1, row), sequence=2)


def _event(
    event_class: type[SuppressionAddedV1] | type[SuppressionRemovedV1], row: Record
) -> SuppressionAddedV1 | SuppressionRemovedV1:
    return event_class(
        suppression_id=row["id"], kind=row["kind"], value=row["value"], scope=row["scope"], scope_id=row["scope_id"]
    )
