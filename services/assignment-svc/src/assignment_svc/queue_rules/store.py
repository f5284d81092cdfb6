"""SQL of queue rules: what each level says, and what holds, which stands with the project, where claims look."""

from collections.abc import Mapping, Sequence
from typing import Any

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

LEVELS = """
SELECT p.project_id, coalesce(d.said, '{}') AS centre, p.said AS project, coalesce(r.said, '{}') AS campaign,
    s.lock_minutes, coalesce(r.mode <> 'pull', false) AS handed_out, r.claims_per_agent,
    p.newest_first, p.use_partner_priority, p.max_age, p.max_attempts, p.speed_target
FROM projects p LEFT JOIN campaign_rules d ON d.project_id = '*'
LEFT JOIN campaign_rules r ON r.project_id = p.project_id
LEFT JOIN campaign_settings s ON s.project_id = p.project_id
WHERE $1::text IS NULL OR p.project_id = $1 ORDER BY p.project_id FOR UPDATE OF p
"""

# `project_lock_time` is for processes of the release before, and goes with a later revision.
WRITE = """
UPDATE projects p SET cool_down = make_interval(mins => e.cool_down_minutes), max_attempts = e.max_attempts,
    max_age = make_interval(hours => e.max_age_hours), newest_first = e.order = 'newest',
    use_partner_priority = e.use_partner_priority, status_after_request = e.status_after_request,
    lock_time = make_interval(mins => e.lock_minutes),
    project_lock_time = make_interval(mins => e.project_lock_minutes),
    available_from = e.available_from, available_until = e.available_until,
    callback_public_after = make_interval(mins => e.callback_public_after_minutes),
    speed_target = make_interval(mins => e.speed_target_minutes),
    speed_warning = make_interval(mins => e.speed_warning_minutes),
    handed_out = e.handed_out, claims_per_agent = e.claims_per_agent
FROM jsonb_to_recordset($1) AS e (project_id text, cool_down_minutes integer, max_attempts integer,
    max_age_hours integer, "order" text, use_partner_priority boolean, status_after_request text, lock_minutes integer,
    project_lock_minutes integer, available_from text, available_until text, callback_public_after_minutes integer,
    speed_target_minutes integer, speed_warning_minutes integer, handed_out boolean, claims_per_agent integer)
WHERE p.project_id = e.project_id
RETURNING p.project_id, p.newest_first, p.use_partner_priority, p.max_age, p.max_attempts, p.speed_target
"""

# Leads that wait already get their clock with the target.
START_CLOCKS = """
INSERT INTO timers (kind, subject, due_at)
SELECT 'speed', w.lead_id, now() FROM leads l JOIN work_items w USING (lead_id)
WHERE l.project_id = $1 AND w.state IN ('pending', 'queued', 'claimed') AND w.calls = 0
"""


async def read_levels(work: UnitOfWork, project_id: str | None) -> list[Record]:
    """Of one project or all, with what holds until now; nobody else settles them until the commit."""
    return await work.fetch(LEVELS, project_id)


async def write_rules(work: UnitOfWork, rules: Sequence[Mapping[str, Any]]) -> list[Record]:
    """What now holds, as far as more than the next claim depends on it."""
    return await work.fetch(WRITE, rules)


async def start_clocks(work: UnitOfWork, project_id: str) -> None:
    await work.execute(START_CLOCKS, project_id)
