"""SQL of the contact lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from sponsor_svc.contact_lists.contact_list import ContactList, ListSettings
from sponsor_svc.scope import Scope

_SETTINGS = "name, project_id, sponsor_id, expires_on, time_zone"
_COLUMNS = f"id, expired, version, created_at, updated_at, {_SETTINGS}"

INSERT = f"""
INSERT INTO contact_lists (id, {_SETTINGS}, expires_at, expired) VALUES ($1, $2, $3, $4, $5, $6, $7, false)
RETURNING {_COLUMNS}
"""

UPDATE = f"""
UPDATE contact_lists SET ({_SETTINGS}) = ROW ($2, $3, $4, $5, $6), expires_at = $7, expired = $8,
    version = version + 1, updated_at = now()
WHERE id = $1
RETURNING {_COLUMNS}
"""

# Several workers share the work; a list that is being edited waits for the next look.
EXPIRE_DUE = f"""
UPDATE contact_lists SET expired = true, version = version + 1, updated_at = now()
WHERE id IN (
    SELECT id FROM contact_lists WHERE NOT expired AND expires_at <= now()
    ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED
)
RETURNING {_COLUMNS}
"""

SECONDS_UNTIL_DUE = """
SELECT extract(epoch FROM min(expires_at) - now())::float8 FROM contact_lists
WHERE NOT expired AND expires_at IS NOT NULL
"""

NOW = "SELECT now()"
PROJECT_EXISTS = """
SELECT true FROM projects WHERE id = $1 AND ($2::text[] IS NULL OR sponsor_id = ANY($2)) FOR KEY SHARE
"""
FIND = f"SELECT {_COLUMNS} FROM contact_lists WHERE id = $1 AND ($2::text[] IS NULL OR sponsor_id = ANY($2))"
FIND_TO_CHANGE = f"{FIND} FOR UPDATE"

LIST = f"""
SELECT {_COLUMNS} FROM contact_lists
WHERE ($1::text[] IS NULL OR sponsor_id = ANY($1)) AND ($2::text IS NULL OR sponsor_id = $2)
    AND ($3::text IS NULL OR project_id = $3) AND ($4::boolean IS NULL OR expired = $4)
    AND ($5::text IS NULL OR id < $5)
ORDER BY id DESC LIMIT $6
"""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which rows; `before` is the id that the page before ended with."""

    sponsor_id: str | None
    project_id: str | None
    expired: bool | None
    before: str | None
    limit: int


async def insert(work: UnitOfWork, list_id: str, settings: ListSettings, expires_at: datetime | None) -> ContactList:
    return _stored(await work.fetchrow(INSERT, list_id, *_values(settings), expires_at))


async def update(work: UnitOfWork, contact_list: ContactList, expires_at: datetime | None) -> ContactList:
    """Stores a new version."""
    values = (contact_list.id, *_values(contact_list), expires_at, contact_list.expired)
    return _stored(await work.fetchrow(UPDATE, *values))


async def expire_due(work: UnitOfWork, limit: int) -> Sequence[ContactList]:
    return [_stored(row) for row in await work.fetch(EXPIRE_DUE, limit)]


async def seconds_until_due(work: UnitOfWork) -> float | None:
    return await work.fetchval(SECONDS_UNTIL_DUE)


async def now(work: UnitOfWork) -> datetime:
    """The database's clock, by which lists expire."""
    return await work.fetchval(NOW)


async def project_exists(work: UnitOfWork, project_id: str, scope: Scope) -> bool:
    return bool(await work.fetchval(PROJECT_EXISTS, project_id, scope.sponsor_ids))


async def find(work: UnitOfWork, list_id: str, scope: Scope) -> ContactList | None:
    row = await work.fetchrow(FIND, list_id, scope.sponsor_ids)
    return None if row is None else _stored(row)


async def find_to_change(work: UnitOfWork, list_id: str, scope: Scope) -> ContactList | None:
    row = await work.fetchrow(FIND_TO_CHANGE, list_id, scope.sponsor_ids)
    return None if row is None else _stored(row)


async def list_page(work: UnitOfWork, scope: Scope, wanted: Wanted) -> list[ContactList]:
    """Newest first."""
    values = (scope.sponsor_ids, wanted.sponsor_id, wanted.project_id, wanted.expired, wanted.before, wanted.limit)
    return [_stored(row) for row in await work.fetch(LIST, *values)]


def _values(settings: ListSettings) -> tuple[object, ...]:
    return (settings.name, settings.project_id, settings.sponsor_id, settings.expires_on, settings.time_zone)


def _stored(row: Record | None) -> ContactList:
    assert row is not None  # noqa: S101 -- the caller holds the row, or made it
    return msgspec.convert(dict(row), ContactList)
