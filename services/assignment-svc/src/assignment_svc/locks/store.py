"""SQL of locks."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from messaging.unit_of_work import UnitOfWork

# The same holder gets a new token: of two windows of one person, the older one loses.
TAKE_OVER = """
UPDATE locks k SET holder = $2, token = nextval('lock_tokens'), acquired_at = now(), expires_at = now() + $3::interval
WHERE k.lead_id = $1 AND (k.holder = $2 OR k.expires_at <= now())
RETURNING holder, token, expires_at
"""

TAKE = """
INSERT INTO locks AS k (lock_key, lead_id, holder, token, acquired_at, expires_at)
SELECT coalesce(l.phone, l.lead_id), l.lead_id, $2, nextval('lock_tokens'), now(), now() + $3::interval
FROM leads l WHERE l.lead_id = $1
  AND NOT EXISTS (SELECT FROM locks k WHERE k.lead_id = l.lead_id AND k.expires_at > now())
ON CONFLICT (lock_key) DO UPDATE SET lead_id = excluded.lead_id, holder = excluded.holder,
    token = nextval('lock_tokens'), acquired_at = excluded.acquired_at, expires_at = excluded.expires_at
    WHERE k.expires_at <= now()
RETURNING holder, token, expires_at
"""

EXTEND = """
UPDATE locks SET expires_at = greatest(expires_at, least(now() + $4::interval, acquired_at + $5::interval))
WHERE lead_id = $1 AND holder = $2 AND token = $3 AND expires_at > now()
RETURNING holder, token, expires_at
"""

GIVE_UP = "DELETE FROM locks WHERE lead_id = $1 AND holder = $2 AND token = $3 AND expires_at > now() RETURNING holder"

BREAK = "DELETE FROM locks WHERE lead_id = $1 AND expires_at > now() RETURNING holder"

FIND = """
SELECT k.holder, k.token, k.expires_at FROM locks k JOIN leads l ON l.lead_id = $1
WHERE (k.lead_id = $1 OR k.lock_key = coalesce(l.phone, l.lead_id)) AND k.expires_at > now()
ORDER BY k.lead_id = $1 DESC LIMIT 1
"""

# Shared, so that nobody can break it before the write that relies on it is committed.
PIN = """
SELECT holder, token, expires_at FROM locks
WHERE lead_id = $1 AND holder = $2 AND token = $3 AND expires_at > now() FOR SHARE
"""

LOCK_TIME = """
SELECT p.lock_time FROM leads l JOIN projects p USING (project_id) WHERE l.lead_id = $1
"""


@dataclass(frozen=True, slots=True)
class Lock:
    holder: str
    token: int
    expires_at: datetime


async def take(work: UnitOfWork, lead_id: str, holder: str, time: timedelta) -> Lock | None:
    """None when somebody else has a live one on the lead or its phone number."""
    row = await work.fetchrow(TAKE_OVER, lead_id, holder, time) or await work.fetchrow(TAKE, lead_id, holder, time)
    return None if row is None else Lock(*row)


async def extend(
    work: UnitOfWork, lead_id: str, lock: tuple[str, int], times: tuple[timedelta, timedelta]
) -> Lock | None:
    """`lock`: holder and token; `times`: how much longer, and how long at most in all. None when it is lost."""
    row = await work.fetchrow(EXTEND, lead_id, *lock, *times)
    return None if row is None else Lock(*row)


async def give_up(work: UnitOfWork, lead_id: str, holder: str, token: int) -> bool:
    return await work.fetchval(GIVE_UP, lead_id, holder, token) is not None


async def break_lock(work: UnitOfWork, lead_id: str) -> str | None:
    """Whose lock it was; None when there was none."""
    return await work.fetchval(BREAK, lead_id)


async def find_lock(work: UnitOfWork, lead_id: str) -> Lock | None:
    row = await work.fetchrow(FIND, lead_id)
    return None if row is None else Lock(*row)


async def read_lock_time(work: UnitOfWork, lead_id: str) -> timedelta | None:
    return await work.fetchval(LOCK_TIME, lead_id)


async def pin_lock(work: UnitOfWork, lead_id: str, holder: str, token: int) -> bool:
    """True when it is live; it then stays so until the transaction ends."""
    return await work.fetchrow(PIN, lead_id, holder, token) is not None
