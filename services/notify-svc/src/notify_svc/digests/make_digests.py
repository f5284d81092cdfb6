"""The task that makes a mail of what was gathered for an address, when its period is over."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta

from contracts.envelope import Trace
from contracts.ids import new_uuid
from messaging.database import Database
from messaging.inbox.failures import DATABASE_TROUBLE
from messaging.unit_of_work import UnitOfWork

from notify_svc.digests import store
from notify_svc.digests.periods import period_words
from notify_svc.digests.store import DigestItem, Due
from notify_svc.emails.queue_emails import NewEmail, queue_emails
from notify_svc.erasure.store import hold_off_erasure
from notify_svc.sending.addresses import one_line
from notify_svc.templates.rendering import Rendered, Template, TemplateUnrenderable
from notify_svc.templates.store import read_template

logger = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 10.0
GRACE = timedelta(seconds=5)
MOST_ITEMS = 200
LONGEST_TEXT = 500


async def make_digests(database: Database) -> None:
    """Until cancelled."""
    while True:
        try:
            while await make_one(database):
                pass
        except DATABASE_TROUBLE as error:
            logger.warning("digests wait for the database: %s", type(error).__name__)
        await asyncio.sleep(LOOK_EVERY_SECONDS)


async def make_one(database: Database, grace: timedelta = GRACE) -> bool:
    """One digest, and its items are in it, in one transaction; False when none is due.

    More than MOST_ITEMS go in several mails, each complete.
    """
    async with database.unit_of_work() as work:
        await hold_off_erasure(work)
        due = await store.next_due(work, grace)
        if due is None:
            return False
        items = await store.take(work, due, MOST_ITEMS)
        known: dict[tuple[str, int], Template] = {}
        lines = [_line(item, await _rendered(work, known, item)) for item in items]
        await _queue(work, due, items, lines)
    return True


async def _queue(work: UnitOfWork, due: Due, items: Sequence[DigestItem], lines: list[dict[str, str | None]]) -> None:
    cause_id = new_uuid()
    digest = NewEmail(
        cause_id=cause_id,
        template="digest",
        recipient=due.recipient,
        lead=None,
        variables={"period": period_words(due.mode, due.due_at), "items": lines},
        trace=Trace(),
    )
    await queue_emails(work, [digest])
    await store.mark_taken(work, due, items, cause_id)


async def _rendered(work: UnitOfWork, known: dict[tuple[str, int], Template], item: DigestItem) -> Rendered | None:
    """None for what its template cannot say: that it happened is told all the same."""
    key = (item.template, item.template_version)
    try:
        if key not in known:
            row = await read_template(work, *key)
            known[key] = Template(row["subject"], row["text"], row["html"])
        return known[key].render(item.variables)
    except TemplateUnrenderable:
        logger.warning("template %s cannot say what is in a digest", item.template)
        return None


def _line(item: DigestItem, rendered: Rendered | None) -> dict[str, str | None]:
    return {
        "at": item.created_at.strftime("%Y-%m-%d %H:%M UTC"),
        "title": one_line(rendered.subject) if rendered else item.template,
        "text": rendered.text.strip()[:LONGEST_TEXT] if rendered else "",
        "lead_id": item.lead_id,
    }
