from asyncpg import Record
from messaging.unit_of_work import UnitOfWork
from servicekit.etag import check_match
from servicekit.problems import not_found

from lead_intake_svc.forms import store
from lead_intake_svc.forms.shapes import FormChange


async def change_form(work: UnitOfWork, form_id: str, change: FormChange, if_match: str | None) -> Record:
    """Changes what was sent; when that is what is there already, nothing happens. Raises 404 and 412."""
    row = await store.find(work, form_id, None, lock=True)
    if row is None:
        raise not_found()
    check_match(if_match, row["version"])
    sent = change.model_dump(exclude_unset=True)
    values = {name: value for name, value in sent.items() if row[name] != value}
    return await store.change(work, form_id, values) if values else row
