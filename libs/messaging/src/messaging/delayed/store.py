"""SQL of the delayed messages."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from messaging.database import Database
from messaging.unit_of_work import UnitOfWork

INSERT = """
INSERT INTO delayed_messages (queue, message_id, body, attempts, waits, due_at)
SELECT $1, message_id, body, attempts, waits, now() + delay
FROM unnest($2::uuid[], $3::bytea[], $4::smallint[], $5::smallint[], $6::interval[])
    AS t (message_id, body, attempts, waits, delay)
"""

# Claimed by moving the due time on: if the claimant dies, they are due again, and the inbox knows what was applied.
CLAIM_DUE = """
UPDATE delayed_messages SET due_at = now() + $3::interval
WHERE id IN (
    SELECT id FROM delayed_messages WHERE due_at <= now() AND queue = ANY($1::text[])
    ORDER BY due_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
)
RETURNING id, queue, message_id, body, attempts, waits
"""

NEXT_DUE = "SELECT extract(epoch FROM min(due_at) - now())::float8 FROM delayed_messages WHERE queue = ANY($1::text[])"

DELETE = "DELETE FROM delayed_messages WHERE id = ANY($1::bigint[])"


class DelayedMessage(msgspec.Struct, frozen=True):
    """A message whose time has come."""

    id: int
    queue: str
    message_id: UUID
    body: bytes
    attempts: int
    waits: int


class Postponed(msgspec.Struct, frozen=True):
    """A message to keep for `delay`."""

    message_id: UUID
    body: bytes
    attempts: int
    waits: int
    delay: timedelta


async def insert(work: UnitOfWork, queue: str, messages: Sequence[Postponed]) -> None:
    await work.execute(
        INSERT,
        queue,
        [m.message_id for m in messages],
        [m.body for m in messages],
        [m.attempts for m in messages],
        [m.waits for m in messages],
        [m.delay for m in messages],
    )


async def claim_due(
    database: Database, queues: Sequence[str], limit: int, claimed_for: timedelta
) -> list[DelayedMessage]:
    """In the order in which they became due."""
    rows = await database.pool.fetch(CLAIM_DUE, queues, limit, claimed_for)
    return sorted((DelayedMessage(*row) for row in rows), key=lambda message: message.id)


async def seconds_until_due(database: Database, queues: Sequence[str]) -> float | None:
    return await database.pool.fetchval(NEXT_DUE, queues)


async def delete(database: Database, ids: Sequence[int]) -> None:
    await database.pool.execute(DELETE, ids)
