"""SQL of imports: files, progress under a lease, rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from asyncpg import Connection, Pool, Record
from asyncpg.pool import PoolConnectionProxy
from lead_intake_svc.imports.outcomes import RowOutcome
from messaging.unit_of_work import UnitOfWork

_ADD_CHUNK = "INSERT INTO import_chunks (import_id, n, body) VALUES ($1, $2, $3)"
_CHUNK = "SELECT body FROM import_chunks WHERE import_id = $1 AND n = $2"
_FORGET_CHUNKS = "DELETE FROM import_chunks WHERE import_id = $1"
_ADD = """
INSERT INTO imports (id, partner_id, project_id, contact_list_id, state, file_name, file_hash, file_bytes, format,
    encoding, delimiter, columns, mapping, options, test, again, rows_total, created_by, started_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
    CASE WHEN $5 IN ('checking', 'importing') THEN now() END)
ON CONFLICT (partner_id, file_hash) WHERE NOT again AND state IN ('importing', 'completed') DO NOTHING
RETURNING *
"""
_SAME_FILE = """
SELECT id FROM imports
WHERE partner_id = $1 AND file_hash = $2 AND NOT again AND state IN ('importing', 'completed')
"""
_FIND = "SELECT * FROM imports WHERE id = $1 AND ($2::text IS NULL OR partner_id = $2)"
_PAGE = """
SELECT * FROM imports WHERE ($1::text IS NULL OR partner_id = $1) AND ($2::text IS NULL OR id < $2)
    AND ($3::text IS NULL OR state = $3)
ORDER BY id DESC LIMIT $4
"""
_START = """
UPDATE imports SET state = $2, mapping = $3, again = again OR $4, position = 0, rows_done = 0, results = '{}',
    started_at = now(), lease = lease + 1, leased_until = '-infinity', version = version + 1
WHERE id = $1 RETURNING *
"""
_CANCEL = """
UPDATE imports SET state = 'cancelled', finished_at = now(), lease = lease + 1, version = version + 1
WHERE id = $1 RETURNING *
"""
_FORGET_ROWS = "DELETE FROM import_rows WHERE import_id = $1"
_ROWS = """
SELECT line, result, lead_id, problems FROM import_rows
WHERE import_id = $1 AND line > $2 AND ($3::text IS NULL OR result = $3)
ORDER BY line LIMIT $4
"""
_FAILED_ROWS = """
SELECT line, result, problems, cells FROM import_rows
WHERE import_id = $1 AND line > $2 AND result IN ('rejected', 'invalid')
ORDER BY line LIMIT $3
"""
# `problems` and `cells` as JSON: arrays of arrays cannot be sent. Twice the time of a COPY, which PostgreSQL refuses on
# protected tables: of an import, a hundredth.
_KEEP_ROWS = """
INSERT INTO import_rows (import_id, line, result, lead_id, problems, cells)
SELECT $1, line, result, lead_id, problems::jsonb, CASE WHEN cells IS NOT NULL THEN ARRAY(
    SELECT cell FROM jsonb_array_elements_text(cells::jsonb) WITH ORDINALITY AS c (cell, n) ORDER BY n) END
FROM unnest($2::integer[], $3::text[], $4::text[], $5::text[], $6::text[]) AS r (line, result, lead_id, problems, cells)
"""
# The oldest that nobody holds. A worker that was killed holds nothing once its lease is over.
_CLAIM = """
UPDATE imports SET lease = lease + 1, leased_until = now() + make_interval(secs => $1)
WHERE id = (
    SELECT id FROM imports WHERE state IN ('checking', 'importing') AND leased_until < now()
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING *
"""
# Of a row's results and of this advance either both are committed or neither. A worker that lost its lease, or whose
# import was cancelled, finds nothing to advance: its whole batch is undone.
_ADVANCE = """
UPDATE imports SET position = $3, rows_done = rows_done + $4, results = $5,
    leased_until = now() + make_interval(secs => $6)
WHERE id = $1 AND lease = $2 RETURNING 1
"""
_RESTART = """
UPDATE imports SET position = 0, rows_done = 0, results = '{}', leased_until = now() + make_interval(secs => $3)
WHERE id = $1 AND lease = $2 RETURNING 1
"""
_FINISH = """
UPDATE imports SET state = $3, failure = $4::text, position = $5, rows_total = CASE WHEN $4::text IS NULL THEN rows_done
    ELSE rows_total END, leased_until = '-infinity', version = version + 1,
    finished_at = CASE WHEN $3 = 'checked' THEN NULL ELSE now() END
WHERE id = $1 AND lease = $2 RETURNING *
"""
_GIVE_BACK = "UPDATE imports SET leased_until = '-infinity' WHERE id = $1 AND lease = $2"
# A lead that was rejected holds its external id for ever, or a corrected file could not be sent again: the refused try
# is set aside under another name. What was refused before, and is sent again as it was, stays what it is.
_SET_ASIDE = """
UPDATE leads AS l SET external_id = l.external_id || '~' || l.id
FROM unnest($2::text[], $3::bytea[]) AS sent (external_id, fingerprint)
WHERE l.external_id = sent.external_id AND l.partner_id || '' = $1 AND l.status = 'rejected'
    AND l.fingerprint <> sent.fingerprint
"""
_OUTBOX_LENGTH = "SELECT coalesce(max(position) - min(position) + 1, 0) FROM outbox"
_ABANDONED_CHUNKS = """
DELETE FROM import_chunks AS c WHERE c.stored_at < now() - interval '1 day'
    AND NOT EXISTS (SELECT FROM imports WHERE id = c.import_id)
"""
_CANCEL_FORGOTTEN = """
WITH old AS (
    UPDATE imports SET state = 'cancelled', finished_at = now(), version = version + 1
    WHERE state IN ('unmapped', 'checked') AND created_at < now() - make_interval(days => $1) RETURNING id
)
DELETE FROM import_chunks USING old WHERE import_id = old.id
"""
_CLEAR_CELLS = """
WITH old AS (
    UPDATE imports SET keeps_cells = false WHERE keeps_cells AND finished_at < now() - make_interval(days => $1)
    RETURNING id
)
UPDATE import_rows SET cells = NULL FROM old
WHERE import_id = old.id AND result IN ('rejected', 'invalid') AND cells IS NOT NULL
"""
# Longer than any batch takes; a worker that was killed is followed by another after so long.
LEASE_SECONDS = 60.0
Connected = Connection | PoolConnectionProxy


async def add_chunk(pool: Pool, import_id: str, n: int, body: bytes) -> None:
    await pool.execute(_ADD_CHUNK, import_id, n, body)


async def chunk(pool: Pool, import_id: str, n: int) -> bytes | None:
    body: bytes | None = await pool.fetchval(_CHUNK, import_id, n)
    return body


async def forget_chunks(where: UnitOfWork | Pool, import_id: str) -> None:
    await where.execute(_FORGET_CHUNKS, import_id)


async def add(work: UnitOfWork, values: Sequence[Any]) -> Record | None:
    """None when the partner has sent the same file before."""
    return await work.fetchrow(_ADD, *values)


async def same_file(work: UnitOfWork, partner_id: str, file_hash: bytes) -> str | None:
    found: str | None = await work.fetchval(_SAME_FILE, partner_id, file_hash)
    return found


async def find(work: UnitOfWork, import_id: str, partner_id: str | None) -> Record | None:
    """`partner_id` None sees those of all partners."""
    return await work.fetchrow(_FIND, import_id, partner_id)


async def find_locked(work: UnitOfWork, import_id: str, partner_id: str | None) -> Record | None:
    return await work.fetchrow(f"{_FIND} FOR UPDATE", import_id, partner_id)


async def fetch_page(
    work: UnitOfWork, partner_id: str | None, before: str | None, state: str | None, limit: int
) -> list[Record]:
    return await work.fetch(_PAGE, partner_id, before, state, limit)


async def start(work: UnitOfWork, import_id: str, state: str, mapping: Mapping[str, str], again: bool) -> Record:
    """From the first row on. Raises UniqueViolationError when the partner has imported the same file meanwhile."""
    await work.execute(_FORGET_ROWS, import_id)
    row = await work.fetchrow(_START, import_id, state, dict(mapping), again)
    assert row is not None  # noqa: S101 -- locked by the caller
    return row


async def cancel(work: UnitOfWork, import_id: str) -> Record:
    row = await work.fetchrow(_CANCEL, import_id)
    assert row is not None  # noqa: S101 -- locked by the caller
    await forget_chunks(work, import_id)
    return row


async def fetch_rows(work: UnitOfWork, import_id: str, after: int, result: str | None, limit: int) -> list[Record]:
    return await work.fetch(_ROWS, import_id, after, result, limit)


async def fetch_failed_rows(work: UnitOfWork, import_id: str, after: int, limit: int) -> list[Record]:
    return await work.fetch(_FAILED_ROWS, import_id, after, limit)


async def claim(pool: Pool) -> Record | None:
    return await pool.fetchrow(_CLAIM, LEASE_SECONDS)


async def forget_rows(work: UnitOfWork, import_id: str) -> None:
    await work.execute(_FORGET_ROWS, import_id)


async def advance(work: UnitOfWork, held: Record, position: int, rows: int, results: Mapping[str, int]) -> bool:
    """False when the import is somebody else's now, or cancelled."""
    moved = await work.fetchval(_ADVANCE, held["id"], held["lease"], position, rows, dict(results), LEASE_SECONDS)
    return moved is not None


async def restart(work: UnitOfWork, held: Record) -> bool:
    """From the first row; False as for `advance`."""
    return await work.fetchval(_RESTART, held["id"], held["lease"], LEASE_SECONDS) is not None


async def keep_rows(work: UnitOfWork, import_id: str, outcomes: Sequence[RowOutcome]) -> None:
    columns = zip(
        *((o.line, o.result, o.lead_id, _json(o.problems or None), _json(o.cells)) for o in outcomes), strict=True
    )
    await work.execute(_KEEP_ROWS, import_id, *columns)


def _json(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


async def finish(work: UnitOfWork, held: Record, state: str, failure: str | None, position: int) -> Record | None:
    """None when the import is somebody else's now, or cancelled."""
    return await work.fetchrow(_FINISH, held["id"], held["lease"], state, failure, position)


async def give_back(pool: Pool, held: Record) -> None:
    await pool.execute(_GIVE_BACK, held["id"], held["lease"])


async def set_aside_rejected(
    connection: Connected, partner_id: str, external_ids: Sequence[str], fingerprints: Sequence[bytes]
) -> None:
    await connection.execute(_SET_ASIDE, partner_id, external_ids, fingerprints)


async def outbox_length(pool: Pool) -> int:
    length: int = await pool.fetchval(_OUTBOX_LENGTH)
    return length


async def clean_up(pool: Pool, waiting_days: int, cells_days: int) -> None:
    """Pieces of uploads that broke off, files that nobody started, cells of failures that nobody needs any more."""
    await pool.execute(_ABANDONED_CHUNKS)
    await pool.execute(_CANCEL_FORGOTTEN, waiting_days)
    await pool.execute(_CLEAR_CELLS, cells_days)
