"""SQL of the projections. Each keeps the newest version of what its owner says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from assignment_svc.work_items.item import WorkItem
from assignment_svc.work_items.store import ITEM_COLUMNS, item_of

NOTICE = "UPDATE reference_version SET version = version + 1"

LOCK_PROJECT = "SELECT version, state FROM projects WHERE project_id = $1 FOR UPDATE"

# Of a new project the columns of queue rules say what holds where nobody says anything, until they are settled.
STORE_PROJECT = """
INSERT INTO projects (project_id, version, name, state, sponsor_id, calling_mode, calling_from, calling_until,
    calling_days, consent_required, said, written_confirmation, offer_lapse, stale_lists_block,
    cool_down, max_attempts, newest_first, use_partner_priority, status_after_request, lock_time)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, make_interval(days => $13), $14,
    interval '1 hour', 3, true, true, 'leave_assigned', interval '15 minutes')
ON CONFLICT (project_id) DO UPDATE SET version = excluded.version, name = excluded.name, state = excluded.state,
    sponsor_id = excluded.sponsor_id, calling_mode = excluded.calling_mode, calling_from = excluded.calling_from,
    calling_until = excluded.calling_until, calling_days = excluded.calling_days,
    consent_required = excluded.consent_required, said = excluded.said,
    written_confirmation = excluded.written_confirmation, offer_lapse = excluded.offer_lapse,
    stale_lists_block = excluded.stale_lists_block
    WHERE projects.version < excluded.version
RETURNING state
"""

ORDER_ANEW = """
UPDATE queue q SET
    rank = CASE WHEN q.rank < 0 THEN q.rank WHEN p.use_partner_priority
        THEN CASE w.priority WHEN 'high' THEN 0 WHEN 'medium' THEN 1 ELSE 2 END ELSE 0 END,
    position = abs(q.position) * CASE WHEN p.newest_first THEN -1 ELSE 1 END
FROM projects p, work_items w, (
    SELECT lead_id FROM queue WHERE project_id = $1 ORDER BY lead_id FOR UPDATE
) mine
WHERE q.lead_id = mine.lead_id AND p.project_id = $1 AND w.lead_id = q.lead_id
"""

# Somebody's lead has no end while it is somebody's; it is reminded of the new one all the same.
AGE_ANEW = """
WITH ends AS (
    SELECT w.lead_id, w.state, w.expires_at AS old_end, least(l.received_at + p.max_age, c.expires_at) AS new_end
    FROM work_items w JOIN leads l USING (lead_id) LEFT JOIN projects p USING (project_id)
    LEFT JOIN contact_lists c USING (contact_list_id)
    WHERE w.state IN ('queued', 'pending', 'claimed', 'callback') AND (l.project_id = $1 OR l.contact_list_id = $2)
    ORDER BY w.lead_id FOR NO KEY UPDATE OF w
), changed AS (
    UPDATE work_items w SET expires_at = e.new_end FROM ends e
    WHERE w.lead_id = e.lead_id AND w.state IN ('queued', 'pending') AND w.expires_at IS DISTINCT FROM e.new_end
)
INSERT INTO timers (kind, subject, due_at)
SELECT 'expiry', lead_id, new_end FROM ends WHERE new_end IS NOT NULL AND new_end IS DISTINCT FROM old_end
"""

WORN_OUT = f"""
SELECT {ITEM_COLUMNS} FROM work_items w JOIN leads l USING (lead_id)
WHERE l.project_id = $1 AND w.state IN ('queued', 'pending') AND w.attempts >= $2
"""

STORE_SPONSOR = """
INSERT INTO sponsors (sponsor_id, version, active) VALUES ($1, $2, $3)
ON CONFLICT (sponsor_id) DO UPDATE SET version = excluded.version, active = excluded.active
    WHERE sponsors.version < excluded.version
"""

STORE_LIST = """
INSERT INTO contact_lists (contact_list_id, version, expires_at) VALUES ($1, $2, $3)
ON CONFLICT (contact_list_id) DO UPDATE SET version = excluded.version, expires_at = excluded.expires_at
    WHERE contact_lists.version < excluded.version
RETURNING expires_at
"""

EXPIRED_WITH_LIST = f"""
SELECT {ITEM_COLUMNS} FROM work_items w JOIN leads l USING (lead_id)
WHERE l.contact_list_id = $1 AND w.state = 'expired' AND w.reason = 'contact-list'
"""

STORE_PARTNER = """
WITH before AS MATERIALIZED (
    SELECT priority, hours FROM partners WHERE partner_id = $1
)
INSERT INTO partners (partner_id, version, priority, hours) VALUES ($1, $2, $3, $4)
ON CONFLICT (partner_id) DO UPDATE SET version = excluded.version, priority = excluded.priority,
    hours = excluded.hours
    WHERE partners.version < excluded.version
RETURNING (SELECT b.priority FROM before b) AS old_priority, coalesce((SELECT b.hours FROM before b), '') AS old_hours
"""

PRIORITISE_ANEW = """
WITH mine AS MATERIALIZED (
    SELECT w.lead_id, l.project_id FROM work_items w JOIN leads l USING (lead_id)
    WHERE l.partner_id = $1 AND w.state IN ('held', 'pending', 'queued', 'claimed') AND w.priority <> $2
    ORDER BY w.lead_id FOR NO KEY UPDATE OF w
), moved AS (
    UPDATE work_items w SET priority = $2 FROM mine m WHERE w.lead_id = m.lead_id RETURNING w.lead_id, m.project_id
), queued AS MATERIALIZED (
    SELECT q.lead_id FROM queue q JOIN moved m USING (lead_id) ORDER BY q.lead_id FOR UPDATE OF q
)
UPDATE queue q SET rank = CASE $2 WHEN 'high' THEN 0 WHEN 'medium' THEN 1 ELSE 2 END
FROM queued JOIN moved m USING (lead_id) JOIN projects p USING (project_id)
WHERE q.lead_id = queued.lead_id AND p.use_partner_priority AND q.rank >= 0
"""

STORE_AGENT = """
INSERT INTO agents (agent_id, version, name, access_level, active, permissions) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (agent_id) DO UPDATE SET version = excluded.version, name = excluded.name,
    access_level = excluded.access_level, active = excluded.active, permissions = excluded.permissions
    WHERE agents.version < excluded.version
RETURNING active AND access_level = 'leads_agent' AS works
"""

STORE_SUPPRESSIONS = """
INSERT INTO suppressions AS s (suppression_id, version, identity, scope, scope_id, removed)
SELECT suppression_id, version, identity, scope, scope_id, removed
FROM jsonb_to_recordset($1) AS c (suppression_id text, version bigint, identity text, scope text, scope_id text,
    removed boolean)
ON CONFLICT (suppression_id) DO UPDATE SET version = excluded.version, removed = excluded.removed
    WHERE s.version < excluded.version
RETURNING suppression_id, split_part(identity, ':', 1) AS kind, removed
"""

# One that was removed is kept: an older version that comes later must not bring it back.
STORE_SUPPRESSION_LIST = """
INSERT INTO suppression_lists AS n (list_id, version, scope, scope_id, fresh_until) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (list_id) DO UPDATE SET version = excluded.version, fresh_until = excluded.fresh_until
    WHERE n.version < excluded.version
"""

SUPPRESSIONS = """
SELECT suppression_id, split_part(identity, ':', 1) AS kind, removed FROM suppressions
WHERE suppression_id = ANY($1::text[]) AND NOT removed
"""

QUEUE_RULES = "SELECT cool_down, max_attempts FROM projects WHERE project_id = $1"

WORKS = "SELECT active AND access_level = 'leads_agent' FROM agents WHERE agent_id = $1"


@dataclass(frozen=True, slots=True)
class QueueRules:
    cool_down: timedelta
    max_attempts: int


async def read_queue_rules(work: UnitOfWork, project_id: str) -> QueueRules | None:
    """None while the project is not known yet."""
    row = await work.fetchrow(QUEUE_RULES, project_id)
    return None if row is None else QueueRules(*row)


async def works_as_agent(work: UnitOfWork, user_id: str) -> bool:
    return bool(await work.fetchval(WORKS, user_id))


async def notice(work: UnitOfWork) -> None:
    """Tells every process that what it remembers for claims has changed."""
    await work.execute(NOTICE)


async def store_project(work: UnitOfWork, *values: Any) -> tuple[Record | None, Record | None]:
    """What the state was before and is now; now is None for a version that is not newer."""
    before = await work.fetchrow(LOCK_PROJECT, values[0])
    return before, await work.fetchrow(STORE_PROJECT, *values)


async def order_anew(work: UnitOfWork, project_id: str) -> None:
    await work.execute(ORDER_ANEW, project_id)


async def age_anew(work: UnitOfWork, *, project_id: str | None = None, contact_list_id: str | None = None) -> None:
    await work.execute(AGE_ANEW, project_id, contact_list_id)


async def find_worn_out(work: UnitOfWork, project_id: str, max_attempts: int) -> list[WorkItem]:
    return [item_of(row) for row in await work.fetch(WORN_OUT, project_id, max_attempts)]


async def store_sponsor(work: UnitOfWork, sponsor_id: str, version: int, *, active: bool) -> None:
    await work.execute(STORE_SPONSOR, sponsor_id, version, active)


async def store_list(work: UnitOfWork, contact_list_id: str, version: int, expires_at: Any) -> bool:
    """False for a version that is not newer."""
    return await work.fetchrow(STORE_LIST, contact_list_id, version, expires_at) is not None


async def find_expired_with_list(work: UnitOfWork, contact_list_id: str) -> list[WorkItem]:
    return [item_of(row) for row in await work.fetch(EXPIRED_WITH_LIST, contact_list_id)]


async def store_partner(work: UnitOfWork, *values: Any) -> tuple[str | None, str] | None:
    """What priority (None for a new one) and hours were before; None for a version that is not newer."""
    row = await work.fetchrow(STORE_PARTNER, *values)
    return None if row is None else (row["old_priority"], row["old_hours"])


async def prioritise_anew(work: UnitOfWork, partner_id: str, priority: str) -> None:
    await work.execute(PRIORITISE_ANEW, partner_id, priority)


async def store_agent(work: UnitOfWork, *values: Any) -> bool | None:
    """Whether the user now works as an agent; None for a version that is not newer."""
    return await work.fetchval(STORE_AGENT, *values)


async def store_suppressions(work: UnitOfWork, rows: Sequence[Mapping[str, Any]]) -> list[Record]:
    return await work.fetch(STORE_SUPPRESSIONS, rows)


async def store_suppression_list(work: UnitOfWork, *values: Any) -> None:
    """Id, version, scope, scope's id and until when it is fresh."""
    await work.execute(STORE_SUPPRESSION_LIST, *values)


async def read_suppressions(work: UnitOfWork, suppression_ids: Sequence[str]) -> list[Record]:
    """Those that still hold."""
    return await work.fetch(SUPPRESSIONS, suppression_ids)
