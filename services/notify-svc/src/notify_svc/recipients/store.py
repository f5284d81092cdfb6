"""SQL of the recipients' wishes."""

from collections.abc import Sequence
from typing import Any

from asyncpg import Record
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork

from notify_svc.recipients.preferences import Preferences

READ_PREFERENCES = """
SELECT address, time_zone, quiet_from, quiet_until, digest, digest_at FROM email_recipients WHERE address = ANY($1)
"""
_COLUMNS = """
    id, address, time_zone, quiet_from, quiet_until, digest, digest_at, version, changed_by, created_at, changed_at
"""
INSERT = f"""
INSERT INTO email_recipients (id, address, time_zone, quiet_from, quiet_until, digest, digest_at, changed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (address) DO NOTHING RETURNING {_COLUMNS}
"""
UPDATE = f"""
UPDATE email_recipients SET time_zone = $2, quiet_from = $3, quiet_until = $4, digest = $5, digest_at = $6,
    changed_by = $7, changed_at = now(), version = version + 1
WHERE id = $1 RETURNING {_COLUMNS}
"""
FIND_TO_CHANGE = f"SELECT {_COLUMNS} FROM email_recipients WHERE id = $1 FOR UPDATE"
FIND = f"SELECT {_COLUMNS} FROM email_recipients WHERE id = $1"
LIST = f"""
SELECT {_COLUMNS} FROM email_recipients
WHERE address > $1 AND ($2::text IS NULL OR address = $2) ORDER BY address LIMIT $3
"""
# What waits for the end of quiet hours is looked at again, under the new ones.
LET_GO = """
UPDATE emails SET next_attempt_at = now() WHERE recipient = $1 AND state = 'queued' AND reason = 'quiet-hours'
"""


async def read_preferences(work: UnitOfWork, addresses: Sequence[str]) -> dict[str, Preferences]:
    """Of those that have any."""
    rows = await work.fetch(READ_PREFERENCES, addresses)
    return {row["address"]: preferences_of(row) for row in rows}


def preferences_of(row: Record) -> Preferences:
    return Preferences(
        time_zone=row["time_zone"],
        quiet_from=row["quiet_from"],
        quiet_until=row["quiet_until"],
        digest=row["digest"],
        digest_at=row["digest_at"],
    )


async def insert(work: UnitOfWork, recipient_id: str, address: str, wishes: Preferences, by: str) -> Record | None:
    """None when the address has some already."""
    return await work.fetchrow(INSERT, recipient_id, address, *_values(wishes), by)


async def update(work: UnitOfWork, recipient_id: str, wishes: Preferences, by: str) -> Record:
    row = await work.fetchrow(UPDATE, recipient_id, *_values(wishes), by)
    assert row is not None  # noqa: S101 -- the caller holds the row
    return row


async def let_go(work: UnitOfWork, address: str) -> None:
    await work.execute(LET_GO, address)


async def find_to_change(work: UnitOfWork, recipient_id: str) -> Record | None:
    return await work.fetchrow(FIND_TO_CHANGE, recipient_id)


async def find(database: Database, recipient_id: str) -> Record | None:
    return await database.reader.fetchrow(FIND, recipient_id)


async def list_page(database: Database, after: str, address: str | None, limit: int) -> list[Record]:
    return await database.reader.fetch(LIST, after, address, limit)


async def delete(work: UnitOfWork, recipient_id: str) -> str | None:
    """The address; None when there is none."""
    return await work.fetchval("DELETE FROM email_recipients WHERE id = $1 RETURNING address", recipient_id)


def _values(wishes: Preferences) -> tuple[Any, ...]:
    return (wishes.time_zone, wishes.quiet_from, wishes.quiet_until, wishes.digest, wishes.digest_at)
