"""SQL of alarms."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from asyncpg import Record
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork

# Returns whether it is to be told: the first time, and then once in a period.
RAISE = """
INSERT INTO alarms (id, alarm, key, source, detail, project_id, lead_id, first_at, last_at, told_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $8)
ON CONFLICT (alarm, key) DO UPDATE
SET times = alarms.times + 1, detail = excluded.detail, source = excluded.source, project_id = excluded.project_id,
    lead_id = excluded.lead_id, last_at = greatest(alarms.last_at, excluded.last_at),
    told_at = CASE WHEN excluded.last_at >= alarms.told_at + $9::interval THEN excluded.last_at ELSE alarms.told_at END
RETURNING told_at = $8
"""
LIST = """
SELECT id, alarm, key, source, detail, project_id, lead_id, times, first_at, last_at, told_at FROM alarms
WHERE ($1::timestamptz IS NULL OR (last_at, id) < ($1, $2)) AND ($4::text IS NULL OR alarm = $4)
ORDER BY last_at DESC, id DESC LIMIT $3
"""
# What of our own work needs a person, each with what it is about; nothing that was said in this period already.
TROUBLES = """
WITH troubles AS (
    SELECT 'mails-failing' AS alarm, domain AS key,
           count(*) || ' mail(s) to the domain failed within an hour.' AS detail
    FROM emails WHERE state = 'failed' AND id >= $2 AND template <> 'alarm'
      AND reason IS DISTINCT FROM 'erased'
    GROUP BY domain HAVING count(*) >= $3
    UNION ALL
    SELECT 'mails-stuck', 'notify-svc', 'Mails have been due for ' || $4::interval || ' and are not sent.'
    WHERE EXISTS (
        SELECT FROM emails WHERE next_attempt_at <= now() - $4::interval AND state IN ('queued', 'unknown')
    )
    UNION ALL
    SELECT 'mails-unknown', 'notify-svc', count(*) || ' mail(s) may have arrived or not; a person decides.'
    FROM emails WHERE state = 'unknown' AND next_attempt_at IS NULL AND id >= $2 HAVING count(*) > 0
)
SELECT t.alarm, t.key, t.detail FROM troubles t
WHERE NOT EXISTS (
    SELECT FROM alarms a WHERE a.alarm = t.alarm AND a.key = t.key AND a.last_at > now() - $1::interval
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    id: str
    alarm: str
    key: str
    source: str
    detail: str
    project_id: str | None
    lead_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """`failures` of a domain within an hour, `late` for a mail that is due: from these on it is an alarm."""

    period: timedelta
    since_id: str
    failures: int
    late: timedelta


async def raise_alarm(work: UnitOfWork, raised: Raised, period: timedelta) -> bool:
    """Whether somebody is to be told."""
    return await work.fetchval(
        RAISE,
        raised.id,
        raised.alarm,
        raised.key,
        raised.source,
        raised.detail,
        raised.project_id,
        raised.lead_id,
        raised.at,
        period,
    )


async def read_troubles(work: UnitOfWork, watched: Watched) -> list[Record]:
    return await work.fetch(TROUBLES, watched.period, watched.since_id, watched.failures, watched.late)


async def list_page(
    database: Database, before: tuple[datetime, str] | None, limit: int, alarm: str | None
) -> list[Record]:
    at, alarm_id = before or (None, None)
    parameters: tuple[Any, ...] = (at, alarm_id, limit, alarm)
    return await database.reader.fetch(LIST, *parameters)
