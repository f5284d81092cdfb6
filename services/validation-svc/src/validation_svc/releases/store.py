"""SQL of releases: a row per project whose open cases are to be let go, deleted when none is left."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from validation_svc.cases.store import COLUMNS

# The update takes the row's lock: a portion that runs waits for us or we for it, so that it cannot end the release
# without having seen the case that we are about to commit.
PLAN = """
INSERT INTO releases AS r (project_id, due_at)
SELECT p.project_id, now() + $2 FROM projects p
WHERE p.project_id = ANY($1) AND NOT p.call_centre_validation AND p.held_leads = 'release'
ORDER BY p.project_id
ON CONFLICT (project_id) DO UPDATE SET due_at = GREATEST(r.due_at, excluded.due_at)
"""

CLAIM = """
SELECT r.project_id, EXISTS (
    SELECT FROM projects p
    WHERE p.project_id = r.project_id AND NOT p.call_centre_validation AND p.held_leads = 'release'
) AS wanted
FROM releases r WHERE r.due_at <= COALESCE($1::timestamptz, now())
ORDER BY r.due_at, r.project_id LIMIT 1 FOR UPDATE SKIP LOCKED
"""

# In the order of the ids, as decisions lock them.
RELEASE = f"""
WITH chosen AS MATERIALIZED (
    SELECT lead_id FROM cases WHERE project_id = $1 AND state IN ('unconfirmed', 'exhausted')
    ORDER BY lead_id LIMIT $2 FOR UPDATE
), c AS (
    UPDATE cases AS c
    SET state = 'released', version = c.version + 1, decided_by = NULL, decided_at = now(),
        leased_by = NULL, lease_token = NULL, leased_until = NULL
    FROM chosen WHERE c.lead_id = chosen.lead_id AND c.state IN ('unconfirmed', 'exhausted')
    RETURNING c.*
)
SELECT {COLUMNS} FROM c
"""

FINISH = "DELETE FROM releases WHERE project_id = $1"


async def plan_releases(work: UnitOfWork, project_ids: Sequence[str], wait: timedelta) -> None:
    """For those of the projects that release what they hold, after `wait`."""
    await work.execute(PLAN, project_ids, wait)


async def claim_release(work: UnitOfWork, moment: datetime | None) -> Record | None:
    """A project whose release is due at the moment, by default now; locked.

    `wanted` is False when it holds leads again.
    """
    return await work.fetchrow(CLAIM, moment)


async def release(work: UnitOfWork, project_id: str, limit: int) -> list[Record]:
    return await work.fetch(RELEASE, project_id, limit)


async def finish(work: UnitOfWork, project_id: str) -> None:
    await work.execute(FINISH, project_id)
