"""SQL of the outbox and of the relay's lease."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from asyncpg.pool import PoolConnectionProxy

from messaging.database import Database
from messaging.transport import OutboxRow

Connection = PoolConnectionProxy

# Bodies are cut off by their sum, not read and counted: a row may be a thousand times as large as the one before.
FETCH_UNSENT = """
SELECT position, id, type, body
FROM (
    SELECT position, id, type, body, sum(octet_length(body)) OVER (ORDER BY position) - octet_length(body) AS before
    FROM outbox WHERE position > $1 AND parked_at IS NULL ORDER BY position LIMIT $2
) AS head
WHERE before < $3
"""
DELETE_SENT = "DELETE FROM outbox WHERE position = ANY($1::bigint[])"
# A refusal (a full queue) is temporary, however often it comes: it never waits for a person.
PARK = """
UPDATE outbox
SET attempts = least(attempts + 1, 1000),
    parked_at = now(),
    retry_at = CASE WHEN $3 OR attempts + 1 < $4
        THEN now() + least(60, 0.25 * 2 ^ least(attempts, 10)) * '1 second'::interval END,
    error = $2
WHERE position = ANY($1::bigint[])
"""
RELEASE_DUE = "UPDATE outbox SET parked_at = NULL, retry_at = NULL WHERE parked_at IS NOT NULL AND retry_at <= now()"
BURY = """
WITH gone AS (
    DELETE FROM outbox WHERE parked_at IS NOT NULL AND retry_at IS NULL
    RETURNING id, type, subject, body, attempts, error
)
INSERT INTO dead_letters (id, message_id, queue, type, subject, body, failure, detail, attempts)
SELECT id, id, $1, type, subject, body, 'unpublishable', coalesce(error, ''), attempts FROM gone
WHERE NOT EXISTS (SELECT FROM forgotten AS f WHERE position(f.id IN gone.body) > 0)
ON CONFLICT (queue, message_id) DO UPDATE
SET failure = excluded.failure, detail = excluded.detail, died_at = now(), state = 'waiting',
    attempts = dead_letters.attempts + excluded.attempts
"""
READ_LAG = """
SELECT (SELECT extract(epoch FROM clock_timestamp() - created_at)::float8
        FROM outbox WHERE parked_at IS NULL ORDER BY position LIMIT 1),
       (SELECT count(*) FROM (SELECT FROM outbox LIMIT 10001) AS some_rows),
       (SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL)
"""
# No lease reaches that far: one that does was written before the clock was set back.
TAKE_LEASE = """
UPDATE relay_lease SET token = token + 1, expires_at = clock_timestamp() + $1::interval
WHERE expires_at < clock_timestamp() OR expires_at > clock_timestamp() + 2 * $1::interval RETURNING token
"""
RENEW_LEASE = "UPDATE relay_lease SET expires_at = clock_timestamp() + $2::interval WHERE token = $1 RETURNING token"
GIVE_UP_LEASE = "UPDATE relay_lease SET expires_at = '-infinity' WHERE token = $1"


@dataclass(frozen=True, slots=True)
class Lag:
    """What waits in the outbox. `waiting` is counted up to 10,001."""

    oldest_seconds: float
    waiting: int
    parked: int


async def fetch_unsent(connection: Connection, after: int, limit: int, most_bytes: int) -> tuple[list[OutboxRow], bool]:
    """The next rows, and whether there may be more. Only the last row may go over `most_bytes`."""
    rows = [OutboxRow(*row) for row in await connection.fetch(FETCH_UNSENT, after, limit, most_bytes)]
    return rows, len(rows) >= limit or sum(len(row.body) for row in rows) >= most_bytes


async def delete_sent(connection: Connection, positions: Sequence[int]) -> None:
    await connection.execute(DELETE_SENT, positions)


async def park(connection: Connection, positions: Sequence[int], error: str, *, temporary: bool, tries: int) -> None:
    """Sets rows aside: back after a growing pause; for a person after `tries` failures that are not temporary."""
    await connection.execute(PARK, positions, error, temporary, tries)


async def release_due(connection: Connection) -> None:
    await connection.execute(RELEASE_DUE)


async def bury(connection: Connection, queue: str) -> None:
    """Makes dead letters of the rows that wait for a person; a replay brings them back into the outbox. Those that name
    what was forgotten are gone.
    """
    await connection.execute(BURY, queue)


async def read_lag(database: Database) -> Lag:
    row = await database.pool.fetchrow(READ_LAG)
    return Lag(row[0] or 0.0, row[1], row[2]) if row else Lag(0.0, 0, 0)


async def take_lease(database: Database, duration: timedelta) -> int | None:
    """The fencing token, or None while another relay holds the lease."""
    return await database.pool.fetchval(TAKE_LEASE, duration)


async def renew_lease(database: Database, token: int, duration: timedelta) -> bool:
    """False when a later relay has taken over."""
    return await database.pool.fetchval(RENEW_LEASE, token, duration) is not None


async def give_up_lease(database: Database, token: int) -> None:
    await database.pool.execute(GIVE_UP_LEASE, token)
