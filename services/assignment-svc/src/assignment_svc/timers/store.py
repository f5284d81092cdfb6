"""SQL of timers: reminders are inserted, and taken when they are due; nobody else touches them.

So nobody who sets one can wait for, or be waited for by, a worker that fires them. What is due is taken with SKIP
LOCKED, by as many workers as there are, and stays if the transaction that takes it fails.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from messaging.unit_of_work import UnitOfWork

# All of one kind: that of the one that has been due for longest. Kinds take rows of their own, each in the one order
# (`work_items/hold.py`), so that two of them in one transaction would take them out of it.
TAKE = """
WITH due AS MATERIALIZED (
    SELECT t.ctid AS place, t.kind, t.due_at FROM timers t
    WHERE t.due_at <= now() ORDER BY t.due_at LIMIT $1 FOR UPDATE SKIP LOCKED
)
DELETE FROM timers WHERE ctid = ANY (ARRAY(
    SELECT place FROM due WHERE kind = (SELECT kind FROM due ORDER BY due_at LIMIT 1)
)) RETURNING kind, subject, (SELECT count(*) FROM due) AS looked_at
"""

REMIND = """
INSERT INTO timers (kind, subject, due_at) SELECT $1, subject, now() + $3::interval FROM unnest($2::text[]) AS subject
"""

REMIND_AT = """
INSERT INTO timers (kind, subject, due_at)
SELECT $1, subject, due_at FROM unnest($2::text[], $3::timestamptz[]) AS one (subject, due_at)
"""

# One that repeats itself: several chains for one subject become one again.
REPEAT_RULE = """
INSERT INTO timers (kind, subject, due_at)
SELECT 'rule', one.subject, now() + $2::interval FROM unnest($1::text[]) AS one (subject)
WHERE NOT EXISTS (SELECT FROM timers t WHERE t.kind = 'rule' AND t.subject = one.subject)
"""

WAIT = "SELECT extract(epoch FROM min(due_at) - clock_timestamp())::float8 FROM timers"

CLEAR_LOCKS = """
DELETE FROM locks WHERE lock_key IN (
    SELECT lock_key FROM locks WHERE expires_at < now() - interval '1 minute' LIMIT $1 FOR UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True, slots=True)
class Due:
    kind: str
    subject: str


async def take_due(work: UnitOfWork, limit: int) -> tuple[list[Due], bool]:
    """Those that have been due for longest, all of one kind; they are gone when the transaction commits.

    Also whether others were due at that moment: of other kinds, or beyond the limit.
    """
    rows = await work.fetch(TAKE, limit)
    more = bool(rows) and (rows[0]["looked_at"] > len(rows) or rows[0]["looked_at"] >= limit)
    return [Due(row["kind"], row["subject"]) for row in rows], more


async def remind(work: UnitOfWork, kind: str, subjects: Collection[str], after: timedelta) -> None:
    if subjects:
        await work.execute(REMIND, kind, list(subjects), after)


async def remind_at(work: UnitOfWork, kind: str, times: Collection[tuple[str, datetime]]) -> None:
    """`times`: subjects, each with the time at which it is due."""
    if times:
        await work.execute(REMIND_AT, kind, [subject for subject, _ in times], [at for _, at in times])


async def repeat_rule(work: UnitOfWork, project_ids: Collection[str], after: timedelta) -> None:
    """Looks at the campaigns again, unless somebody else will."""
    await work.execute(REPEAT_RULE, list(project_ids), after)


async def seconds_to_next(work: UnitOfWork) -> float | None:
    """Negative when something is due; None when there is no timer at all."""
    return await work.fetchval(WAIT)


async def clear_locks(work: UnitOfWork, limit: int) -> None:
    """Forgets locks that have ended; who takes one over does not need this."""
    await work.execute(CLEAR_LOCKS, limit)
