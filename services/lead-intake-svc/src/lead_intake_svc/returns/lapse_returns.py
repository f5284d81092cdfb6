"""The durable timer of returns: what is due stands in the table, so no process needs to remember it."""

import asyncio
import logging
from datetime import UTC, datetime

from lead_intake_svc.returns import store
from lead_intake_svc.returns.answer_return import conclude
from lead_intake_svc.returns.events import tell
from messaging.database import Database
from messaging.inbox.failures import DATABASE_TROUBLE
from messaging.unit_of_work import UnitOfWork

logger = logging.getLogger(__name__)

PORTION = 200
LOOK_SECONDS = 1.0


async def lapse_returns(work: UnitOfWork, now: datetime) -> int:
    """Lapses up to 200 returns that nobody answered in time, each once; says how many."""
    due = await store.take_due(work, now, PORTION)
    for row in due:
        accepted = row["on_no_answer"] == "accept"
        changed = await store.lapse(work, row["id"], "accepted" if accepted else "lapsed", now)
        lead = await store.lead_of(work, row["lead_id"])
        assert lead is not None  # noqa: S101 -- leads are not deleted
        await tell(work, changed, lead, "lapsed", None, outcome="accepted" if accepted else "escalated")
        if accepted:
            await conclude(work, changed, None)
    return len(due)


async def keep_lapsing(database: Database) -> None:
    """Until cancelled. Any number of workers may do it."""
    while True:
        pause = LOOK_SECONDS
        try:
            async with database.unit_of_work() as work:
                lapsed = await lapse_returns(work, datetime.now(UTC))
                due_in = await store.seconds_until_due(work)
            if lapsed == PORTION:
                continue
            if due_in is not None:
                pause = min(max(due_in, 0.05), LOOK_SECONDS)
        except DATABASE_TROUBLE as error:
            logger.warning("returns will be looked at again: %s", type(error).__name__)
        await asyncio.sleep(pause)
