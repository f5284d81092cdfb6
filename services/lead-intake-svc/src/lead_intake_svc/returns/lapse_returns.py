"""The durable timer of returns: what is due stands in the table, so no process needs to remember it."""

from datetime import UTC, datetime

from lead_intake_svc.returns import store
from lead_intake_svc.returns.answer_return import conclude
from lead_intake_svc.returns.events import tell
from messaging.unit_of_work import UnitOfWork

PORTION = 200


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


async def lapse_due(work: UnitOfWork) -> bool:
    """Whether there is more."""
    return await lapse_returns(work, datetime.now(UTC)) == PORTION
