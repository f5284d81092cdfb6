"""SQL of the inbox."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from messaging.database import Database
from messaging.unit_of_work import UnitOfWork

INSERT_NEW = """
INSERT INTO inbox (subscription, message_id)
SELECT $1, message_id FROM unnest($2::uuid[]) AS message_id
ON CONFLICT DO NOTHING
RETURNING message_id
"""

COUNT_TRY = """
INSERT INTO inbox_suspects (subscription, message_id, tries) VALUES ($1, $2, 1)
ON CONFLICT (subscription, message_id)
DO UPDATE SET tries = inbox_suspects.tries + 1, tried_at = now()
"""

READ_TRIES = "SELECT message_id, tries FROM inbox_suspects WHERE subscription = $1 AND message_id = ANY($2::uuid[])"

FORGET_SUSPECT = "DELETE FROM inbox_suspects WHERE subscription = $1 AND message_id = $2"

# Ids are UUIDv7: their order is their age, so the primary key serves and no index on the time is needed. The time of
# arrival is asked as well, because an old message that was replayed lately must stay known.
FORGET_OLD = """
DELETE FROM inbox WHERE (subscription, message_id) IN (
    SELECT subscription, message_id FROM inbox
    WHERE subscription = $1 AND message_id < $2 AND received_at < now() - $3::interval
    ORDER BY message_id LIMIT $4
)
"""


async def insert_new(work: UnitOfWork, subscription: str, message_ids: Sequence[UUID]) -> set[UUID]:
    """The ids that this subscription had not seen."""
    return {row[0] for row in await work.fetch(INSERT_NEW, subscription, message_ids)}


async def read_tries(database: Database, subscription: str, message_ids: Sequence[UUID]) -> dict[UUID, int]:
    rows = await database.pool.fetch(READ_TRIES, subscription, message_ids)
    return {row[0]: row[1] for row in rows}


async def count_try(database: Database, subscription: str, message_id: UUID) -> None:
    """Committed before the try, so that it outlives a crash."""
    await database.pool.execute(COUNT_TRY, subscription, message_id)


async def forget_suspect(database: Database, subscription: str, message_id: UUID) -> None:
    await database.pool.execute(FORGET_SUSPECT, subscription, message_id)


async def forget_old(database: Database, subscription: str, age: timedelta, newest: UUID) -> int:
    """Deletes up to 10,000 entries older than `age`; says how many."""
    status = await database.pool.execute(FORGET_OLD, subscription, newest, age, 10_000)
    return int(status.rsplit(" ", 1)[1])


async def answers(database: Database) -> bool:
    """True when the database executes a statement."""
    return await database.pool.fetchval("SELECT true", timeout=5)
