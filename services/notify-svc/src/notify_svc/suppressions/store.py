"""SQL of the suppressed addresses."""

from dataclasses import dataclass
from datetime import datetime

from asyncpg import Record
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork

_COLUMNS = "id, address, kind, reason, code, reply, email_id, created_by, created_at"
INSERT = f"""
INSERT INTO email_suppressions (address, kind, reason, code, reply, email_id, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (address) DO NOTHING RETURNING {_COLUMNS}
"""
FIND = f"SELECT {_COLUMNS} FROM email_suppressions WHERE id = $1"
LIST = f"""
SELECT {_COLUMNS} FROM email_suppressions
WHERE ($1::timestamptz IS NULL OR (created_at, id) < ($1, $2)) ORDER BY created_at DESC, id DESC LIMIT $3
"""
FIND_ADDRESS = f"SELECT {_COLUMNS} FROM email_suppressions WHERE address = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSuppression:
    """`kind` is `refused`, `bounce`, `complaint` or `manual`; `reply` is what the server said."""

    address: str
    kind: str
    reason: str
    code: int | None = None
    reply: str | None = None
    email_id: str | None = None
    created_by: str | None = None


async def suppress(work: UnitOfWork, new: NewSuppression) -> Record | None:
    """None when the address is suppressed already: the first reason stays."""
    return await work.fetchrow(
        INSERT, new.address, new.kind, new.reason, new.code, new.reply, new.email_id, new.created_by
    )


async def find(database: Database, suppression_id: str) -> Record | None:
    return await database.reader.fetchrow(FIND, suppression_id)


async def find_address(database: Database, address: str) -> list[Record]:
    return await database.reader.fetch(FIND_ADDRESS, address)


async def list_page(database: Database, before: tuple[datetime, str] | None, limit: int) -> list[Record]:
    at, suppression_id = before or (None, None)
    return await database.reader.fetch(LIST, at, suppression_id, limit)


async def delete(work: UnitOfWork, suppression_id: str) -> bool:
    return await work.fetchval("DELETE FROM email_suppressions WHERE id = $1 RETURNING true", suppression_id) is True
