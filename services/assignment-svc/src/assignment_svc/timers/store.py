"""SQL of timers. Each takes what is due and locks it, so that several workers share the work."""

from dataclasses import dataclass

from messaging.unit_of_work import UnitOfWork

from assignment_svc.work_items.item import WorkItem
from assignment_svc.work_items.store import ITEM_COLUMNS, item_of

EXPIRED = f"""
SELECT {ITEM_COLUMNS}, (c.expires_at <= now()) IS TRUE AS with_list
FROM work_items w JOIN leads l USING (lead_id) LEFT JOIN contact_lists c USING (contact_list_id)
WHERE w.state IN ('queued', 'pending') AND w.expires_at <= now()
ORDER BY w.expires_at LIMIT $1 FOR UPDATE OF w SKIP LOCKED
"""

DUE_CLAIMS = f"""
SELECT {ITEM_COLUMNS}, p.status_after_request, k.expires_at AS lock_expires_at,
    EXISTS (SELECT FROM attempts a WHERE a.lead_id = w.lead_id AND a.started_at >= w.claimed_at) AS called
FROM claim_timers t JOIN work_items w USING (lead_id) JOIN leads l USING (lead_id)
LEFT JOIN projects p ON p.project_id = l.project_id
LEFT JOIN locks k ON k.lead_id = w.lead_id AND k.holder = w.agent_id AND k.expires_at > now()
WHERE t.due_at <= now() ORDER BY t.due_at LIMIT $1 FOR UPDATE OF t, w SKIP LOCKED
"""

POSTPONE = """
UPDATE claim_timers t SET due_at = k.expires_at FROM locks k
WHERE t.lead_id = ANY($1::text[]) AND k.lead_id = t.lead_id AND k.expires_at > now()
"""

FORGET = "DELETE FROM claim_timers WHERE lead_id = ANY($1::text[])"

CLEAR_LOCKS = """
DELETE FROM locks WHERE lock_key IN (
    SELECT lock_key FROM locks WHERE expires_at < now() - interval '1 minute' LIMIT $1 FOR UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True, slots=True)
class DueClaim:
    """A claim whose lock should have ended. `locked`: it was extended; `called`: a call was logged since the claim."""

    item: WorkItem
    status_after_request: str
    locked: bool
    called: bool


async def take_expired(work: UnitOfWork, limit: int) -> list[tuple[WorkItem, str]]:
    """Waiting items whose time is over, each with the reason."""
    rows = await work.fetch(EXPIRED, limit)
    return [(item_of(row), "contact-list" if row["with_list"] else "age") for row in rows]


async def take_due_claims(work: UnitOfWork, limit: int) -> list[DueClaim]:
    return [
        DueClaim(
            item_of(row),
            row["status_after_request"] or "leave_assigned",
            row["lock_expires_at"] is not None,
            row["called"],
        )
        for row in await work.fetch(DUE_CLAIMS, limit)
    ]


async def postpone(work: UnitOfWork, lead_ids: list[str]) -> None:
    if lead_ids:
        await work.execute(POSTPONE, lead_ids)


async def forget(work: UnitOfWork, lead_ids: list[str]) -> None:
    if lead_ids:
        await work.execute(FORGET, lead_ids)


async def clear_locks(work: UnitOfWork, limit: int) -> None:
    await work.execute(CLEAR_LOCKS, limit)
