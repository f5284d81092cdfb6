"""SQL of what others decided about leads."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
from messaging.unit_of_work import UnitOfWork

from assignment_svc.withdrawals.rules import Fact
from assignment_svc.work_items.change import After
from assignment_svc.work_items.item import WorkItem
from assignment_svc.work_items.store import ITEM_COLUMNS, item_of

STORE = """
INSERT INTO lead_facts AS f (lead_id, fact, cause_id, version, status)
SELECT lead_id, fact, cause_id, version, status
FROM jsonb_to_recordset($1) AS c (lead_id text, fact text, cause_id text, version bigint, status text)
ORDER BY lead_id, fact, cause_id
ON CONFLICT (lead_id, fact, cause_id) DO UPDATE SET version = excluded.version, status = excluded.status
    WHERE f.version < excluded.version
RETURNING lead_id
"""

STANDING = f"""
SELECT {ITEM_COLUMNS}, f.facts, x.before FROM work_items w JOIN leads l USING (lead_id)
CROSS JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('fact', fact, 'cause_id', cause_id, 'status', status, 'version', version))
        AS facts
    FROM lead_facts o WHERE o.lead_id = w.lead_id
) f LEFT JOIN withdrawals x USING (lead_id)
WHERE w.lead_id = ANY($1::text[]) AND f.facts IS NOT NULL
ORDER BY w.lead_id
"""

KEEP = """
INSERT INTO withdrawals (lead_id, before) SELECT lead_id, before
FROM jsonb_to_recordset($1) AS c (lead_id text, before jsonb)
ON CONFLICT (lead_id) DO UPDATE SET before = excluded.before
"""

DROP = "DELETE FROM withdrawals WHERE lead_id = ANY($1::text[])"

# What waits for nobody any more.
WIND_UP = """
WITH called AS (
    UPDATE callbacks SET status = 'cancelled', version = version + 1
    WHERE lead_id = ANY($1::text[]) AND status IN ('scheduled', 'due')
)
UPDATE offers SET status = 'cancelled' WHERE lead_id = ANY($1::text[]) AND status = 'sent'
"""

# Their reminders may have come while nobody could do anything about them.
REMIND_OPEN = """
WITH back AS (
    SELECT w.lead_id, w.state, p.lock_time, p.status_after_request FROM work_items w JOIN leads l USING (lead_id)
    JOIN projects p USING (project_id)
    WHERE w.state IN ('claimed', 'callback', 'offer_sent') AND (w.lead_id = ANY($1::text[]) OR l.project_id = $2)
)
INSERT INTO timers (kind, subject, due_at)
SELECT 'callback', c.callback_id, c.at FROM callbacks c JOIN back USING (lead_id) WHERE c.status IN ('scheduled', 'due')
UNION ALL
SELECT 'offer', o.offer_id, o.lapses_at FROM offers o JOIN back USING (lead_id) WHERE o.status = 'sent'
UNION ALL
SELECT 'idle-claim', lead_id, now() + lock_time FROM back
WHERE state = 'claimed' AND status_after_request <> 'leave_assigned'
"""

ABSENT = f"""
SELECT {ITEM_COLUMNS} FROM work_items w JOIN leads l USING (lead_id) JOIN agents a USING (agent_id)
WHERE w.lead_id = ANY($1::text[]) AND w.state = 'claimed' AND NOT (a.active AND a.access_level = 'leads_agent')
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """`before`: what the item was when its return was requested."""

    item: WorkItem
    facts: Sequence[Fact]
    before: After | None


async def store_facts(work: UnitOfWork, facts: Sequence[Mapping[str, Any]]) -> list[str]:
    """The leads about which something is new; an older version of a decision changes nothing."""
    return [row["lead_id"] for row in await work.fetch(STORE, facts)] if facts else []


async def find_standing(work: UnitOfWork, lead_ids: Collection[str]) -> list[Standing]:
    """Of those of the leads that are known here and about which something was decided."""
    return [
        Standing(
            item_of(row),
            [Fact(**fact) for fact in row["facts"]],
            None if row["before"] is None else msgspec.convert(row["before"], After),
        )
        for row in await work.fetch(STANDING, list(lead_ids))
    ]


async def keep_before(work: UnitOfWork, before: Mapping[str, After]) -> None:
    if before:
        await work.execute(KEEP, [{"lead_id": lead_id, "before": asdict(one)} for lead_id, one in before.items()])


async def drop_before(work: UnitOfWork, lead_ids: Sequence[str]) -> None:
    if lead_ids:
        await work.execute(DROP, lead_ids)


async def wind_up(work: UnitOfWork, lead_ids: Collection[str]) -> None:
    """Ends the call-backs and offers of leads that nobody works on any more."""
    if lead_ids:
        await work.execute(WIND_UP, list(lead_ids))


async def remind_open(work: UnitOfWork, lead_ids: Sequence[str] = (), project_id: str | None = None) -> None:
    """Sets the reminders anew of claims, call-backs and offers of the leads, or of a project's."""
    await work.execute(REMIND_OPEN, lead_ids, project_id)


async def find_absent(work: UnitOfWork, lead_ids: Sequence[str]) -> list[WorkItem]:
    """Claims among the leads of somebody who works here no longer."""
    return [item_of(row) for row in await work.fetch(ABSENT, lead_ids)]
