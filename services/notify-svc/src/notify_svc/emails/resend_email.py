"""A person asks for a mail again: the same mail, with the same Message-ID."""

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict, not_found

from notify_svc.emails import store


async def resend_email(work: UnitOfWork, email_id: str, by: str) -> Record:
    """Raises 404, or 409 for a mail that waits or is under way, or whose address is suppressed."""
    row = await store.resend(work, email_id, by)
    if row is not None:
        return row
    row = await store.read_state(work, email_id)
    if row is None:
        raise not_found()
    if row["erased"]:
        raise conflict("email-erased", "What the mail said was erased.")
    if row["state"] in {"queued", "sending"}:
        raise conflict("email-under-way", "The mail is waiting to be sent, or is being sent.")
    raise conflict("email-suppressed", "The address is suppressed.")
