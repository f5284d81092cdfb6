from asyncpg import Record
from contracts.events.intake import PartnerChangedV1
from lead_intake_svc.partners import store
from lead_intake_svc.partners.events import partner_event
from lead_intake_svc.partners.shapes import PartnerChange
from lead_intake_svc.reference.store import bump
from messaging.unit_of_work import UnitOfWork
from servicekit.etag import check_match
from servicekit.problems import conflict, not_found


async def change_partner(work: UnitOfWork, partner_id: str, change: PartnerChange, if_match: str | None) -> Record:
    """Changes what was sent; when that is what is there already, nothing happens and nobody hears of it."""
    row = await store.find(work, partner_id, lock=True)
    if row is None:
        raise not_found()
    check_match(if_match, row["version"])
    wanted = change.model_dump(exclude_unset=True)
    if row["internal"] and wanted.get("active") is False:
        raise conflict("partner-internal", "The internal partner stays active.")
    values = {name: value for name, value in wanted.items() if row[name] != value}
    if not values:
        return row
    changed = await store.change(work, partner_id, values)
    await bump(work, "partners")
    work.publish(partner_event(PartnerChangedV1, changed), sequence=changed["version"])
    return changed
