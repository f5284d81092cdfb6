"""SQL of leases. A lease is a part of its case's row: who takes a case locks that row, so nobody else can."""

from dataclasses import dataclass
from datetime import timedelta

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from validation_svc.cases.store import COLUMNS

# Two requests of one validator come one after the other: each may have one case.
LOCK_VALIDATOR = "SELECT pg_advisory_xact_lock(hashtextextended('validation-svc.next ' || $1, 0))"

OPEN = """
    c.state = 'unconfirmed' AND ($2 OR c.shown)
    AND NOT EXISTS (SELECT FROM returns r WHERE r.lead_id = c.lead_id AND r.stands)
"""

EXTEND = f"""
WITH c AS (
    UPDATE cases AS c SET leased_until = now() + $3
    WHERE c.leased_by = $1 AND c.leased_until > now() AND ($4::text IS NULL OR c.project_id = $4) AND {OPEN}
    RETURNING c.*
)
SELECT {COLUMNS}, c.lease_token FROM c
"""

GIVE_BACK = """
UPDATE cases
SET leased_by = NULL, lease_token = NULL, leased_until = NULL, due_at = CASE WHEN $2 THEN now() ELSE due_at END
WHERE leased_by = $1
"""

# A row that somebody took since the snapshot is looked at again as it is now, fails, and the next one is taken.
TAKE = f"""
WITH chosen AS MATERIALIZED (
    SELECT c.lead_id FROM cases c
    WHERE {OPEN} AND c.due_at <= now() AND (c.leased_until IS NULL OR c.leased_until <= now())
      AND ($4::text IS NULL OR c.project_id = $4)
    ORDER BY c.due_at, c.lead_id LIMIT 1 FOR UPDATE OF c SKIP LOCKED
), c AS (
    UPDATE cases AS c SET leased_by = $1, leased_until = now() + $3, lease_token = gen_random_uuid()::text
    FROM chosen WHERE c.lead_id = chosen.lead_id
    RETURNING c.*
)
SELECT {COLUMNS}, c.lease_token FROM c
"""


@dataclass(frozen=True, slots=True)
class Asking:
    """A validator who asks for a case."""

    user_id: str
    sees_all: bool
    project_id: str | None = None


async def lock_validator(work: UnitOfWork, user_id: str) -> None:
    await work.execute(LOCK_VALIDATOR, user_id)


async def extend_lease(work: UnitOfWork, by: Asking, lease: timedelta) -> Record | None:
    """The case that the validator has, with a lease that is still live."""
    return await work.fetchrow(EXTEND, by.user_id, by.sees_all, lease, by.project_id)


async def give_back(work: UnitOfWork, user_id: str, *, to_the_end: bool) -> None:
    """Whatever the validator has; `to_the_end` of the queue, or where it was."""
    await work.execute(GIVE_BACK, user_id, to_the_end)


async def take_next(work: UnitOfWork, by: Asking, lease: timedelta) -> Record | None:
    """The case that waits longest, now leased to the validator, who must have none."""
    return await work.fetchrow(TAKE, by.user_id, by.sees_all, lease, by.project_id)
