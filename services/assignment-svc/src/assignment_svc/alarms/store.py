"""SQL of alarms."""

from datetime import timedelta

from messaging.unit_of_work import UnitOfWork

RAISE = """
INSERT INTO raised_alarms AS r (alarm, key, detail) VALUES ($1, $2, $3)
ON CONFLICT (alarm, key) DO UPDATE SET detail = excluded.detail, times = r.times + 1, raised_at = now()
    WHERE r.detail <> excluded.detail OR r.raised_at < now() - $4::interval
RETURNING times
"""


async def note_alarm(work: UnitOfWork, alarm: str, key: str, detail: str, quiet: timedelta) -> int | None:
    """How often it was raised, with this time; None while it was raised in the same words within `quiet`."""
    return await work.fetchval(RAISE, alarm, key, detail, quiet)
