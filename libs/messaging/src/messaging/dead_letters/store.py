"""SQL of the dead letters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import msgspec

from messaging.unit_of_work import UnitOfWork

# A replayed message that dies again is the same dead letter, waiting once more.
INSERT = """
INSERT INTO dead_letters (id, message_id, queue, type, subject, body, failure, detail, attempts)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::text[], $8::text[],
    $9::int[]) AS letter (id, message_id, queue, type, subject, body, failure, detail, attempts)
WHERE NOT EXISTS (SELECT FROM forgotten AS f WHERE position(f.id IN letter.body) > 0)
ON CONFLICT (queue, message_id) DO UPDATE
SET failure = excluded.failure, detail = excluded.detail, died_at = now(), state = 'waiting',
    attempts = dead_letters.attempts + excluded.attempts
WHERE dead_letters.state = 'replayed'
"""
LIST_GROUPS = """
SELECT queue, type, failure, detail, count(*)::int AS count, min(died_at) AS first_at, max(died_at) AS last_at
FROM dead_letters WHERE state = 'waiting'
GROUP BY queue, type, failure, detail ORDER BY max(died_at) DESC
"""
COLUMNS = "id, message_id, queue, type, subject, failure, detail, attempts, died_at, state, decided_by, decided_at"
SHOW = f"SELECT {COLUMNS}, body FROM dead_letters WHERE id = $1"
CHOSEN = """
state = 'waiting'
AND ($1::uuid[] IS NULL OR id = ANY($1)) AND ($2::text IS NULL OR queue = $2)
AND ($3::text IS NULL OR type = $3) AND ($4::text IS NULL OR failure = $4)
"""
LIST = f"SELECT {COLUMNS} FROM dead_letters WHERE {CHOSEN} ORDER BY died_at, id LIMIT $5"
PAGE = f"""
SELECT {COLUMNS} FROM dead_letters
WHERE state = $1 AND ($2::text IS NULL OR queue = $2) AND ($3::text IS NULL OR type = $3)
    AND ($4::text IS NULL OR failure = $4) AND ($5::timestamptz IS NULL OR (died_at, id) < ($5, $6::uuid))
ORDER BY died_at DESC, id DESC LIMIT $7
"""
COUNT = f"SELECT count(*)::int FROM dead_letters WHERE {CHOSEN}"
DISCARD = f"""
UPDATE dead_letters SET state = 'discarded', decided_by = $5, decided_at = now() WHERE {CHOSEN}
"""
REPLAY = f"""
WITH chosen AS (
    SELECT id FROM dead_letters WHERE {CHOSEN} ORDER BY died_at, id FOR UPDATE SKIP LOCKED
), replayed AS (
    UPDATE dead_letters SET state = 'replayed', decided_by = $5, decided_at = now()
    WHERE id IN (SELECT id FROM chosen)
    RETURNING queue, message_id, type, subject, body, died_at, id
), planned AS (
    SELECT *, now() + $6::interval * (row_number() OVER (ORDER BY died_at, id) - 1) AS due_at FROM replayed
), published AS (
    INSERT INTO outbox (id, type, subject, body, parked_at, retry_at)
    SELECT message_id, type, subject, body, now(), due_at FROM planned
    WHERE queue LIKE '%.outbox' ORDER BY due_at
), received AS (
    INSERT INTO delayed_messages (queue, message_id, body, attempts, waits, due_at)
    SELECT queue, message_id, body, 0, 0, due_at FROM planned WHERE queue NOT LIKE '%.outbox'
)
SELECT count(*)::int FROM planned
"""


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """`failure` and `detail` are codes of ours, never values; `body` is what came."""

    message_id: UUID
    queue: str
    type: str
    subject: str
    body: bytes
    failure: str
    detail: str
    attempts: int

    @property
    def id(self) -> UUID:
        return uuid5(self.message_id, self.queue)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which waiting dead letters: by id, or all of a queue, a type or a failure. Without any of them, all."""

    ids: Sequence[UUID] | None = None
    queue: str | None = None
    type: str | None = None
    failure: str | None = None

    @property
    def parameters(self) -> tuple[Any, ...]:
        return self.ids, self.queue, self.type, self.failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Waiting dead letters with the same cause."""

    queue: str
    type: str
    failure: str
    detail: str
    count: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A dead letter as listed; only `show` reads the body, which may hold personal data."""

    id: UUID
    message_id: UUID
    queue: str
    type: str
    subject: str
    failure: str
    detail: str
    attempts: int
    died_at: datetime
    state: str
    decided_by: str | None
    decided_at: datetime | None
    body: bytes | None = None


async def insert(work: UnitOfWork, letters: Sequence[DeadLetter]) -> None:
    """Knows a letter that was drained before, and wakes one that was replayed. What names something
    forgotten is not kept.
    """
    unique = {(letter.queue, letter.message_id): letter for letter in letters}.values()
    await work.execute(
        INSERT,
        [letter.id for letter in unique],
        [letter.message_id for letter in unique],
        [letter.queue for letter in unique],
        [letter.type for letter in unique],
        [letter.subject for letter in unique],
        [letter.body for letter in unique],
        [letter.failure for letter in unique],
        [letter.detail for letter in unique],
        [letter.attempts for letter in unique],
    )


async def list_groups(work: UnitOfWork) -> list[Group]:
    return [Group(**dict(row)) for row in await work.fetch(LIST_GROUPS)]


async def list_entries(work: UnitOfWork, choice: Choice, limit: int) -> list[Entry]:
    return [Entry(**dict(row)) for row in await work.fetch(LIST, *choice.parameters, limit)]


async def list_page(
    work: UnitOfWork, choice: Choice, state: str, before: tuple[Any, ...] | None, limit: int
) -> list[Entry]:
    """Newest first, after the key (`died_at`, `id`) of the page before; ids are not among what can be chosen here."""
    died_at, letter_id = before or (None, None)
    asked = (choice.queue, choice.type, choice.failure, died_at, letter_id, limit)
    return [Entry(**dict(row)) for row in await work.fetch(PAGE, state, *asked)]


async def show(work: UnitOfWork, letter_id: UUID) -> Entry | None:
    row = await work.fetchrow(SHOW, letter_id)
    return Entry(**dict(row)) if row else None


async def count(work: UnitOfWork, choice: Choice) -> int:
    """How many wait."""
    return await work.fetchval(COUNT, *choice.parameters)


async def replay(work: UnitOfWork, choice: Choice, by: str, spacing: timedelta) -> int:
    return await work.fetchval(REPLAY, *choice.parameters, by, spacing)


async def discard(work: UnitOfWork, choice: Choice, by: str) -> int:
    status = await work.execute(DISCARD, *choice.parameters, by)
    return int(status.rsplit(" ", 1)[1])
