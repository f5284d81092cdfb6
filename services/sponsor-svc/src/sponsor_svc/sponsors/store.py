"""SQL of the sponsors."""

from typing import Any

import asyncpg
import msgspec
from asyncpg import Record
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError, FieldError, Kind

from sponsor_svc.names import key_of
from sponsor_svc.scope import Scope
from sponsor_svc.sponsors.sponsor import Counts, Sponsor

# Whoever makes a project or product without a sponsor shares it; whoever makes the first active sponsor has it alone.
SHARE_THE_RULE = "SELECT pg_advisory_xact_lock_shared(hashtextextended('sponsor-required', 0))"
OWN_THE_RULE = "SELECT pg_advisory_xact_lock(hashtextextended('sponsor-required', 0))"
ANY_ACTIVE = "SELECT EXISTS (SELECT FROM sponsors WHERE status = 'active')"

_COLUMNS = "id, name, code, contact, status, version, created_at, updated_at"

INSERT = f"""
INSERT INTO sponsors (id, name, name_key, code, contact, status) VALUES ($1, $2, $3, $4, $5, 'active')
RETURNING {_COLUMNS}
"""

UPDATE = f"""
UPDATE sponsors
SET name = $2, name_key = $3, code = $4, contact = $5, status = $6, version = version + 1, updated_at = now()
WHERE id = $1
RETURNING {_COLUMNS}
"""

FIND = f"SELECT {_COLUMNS} FROM sponsors WHERE id = $1 AND ($2::text[] IS NULL OR id = ANY($2))"
FIND_TO_CHANGE = f"SELECT {_COLUMNS} FROM sponsors WHERE id = $1 FOR UPDATE"
STATUS_HELD = "SELECT status FROM sponsors WHERE id = $1 FOR SHARE"

LIST = f"""
SELECT {_COLUMNS} FROM sponsors
WHERE ($1::text[] IS NULL OR id = ANY($1)) AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR id < $3)
ORDER BY id DESC LIMIT $4
"""

COUNT_ATTACHED = """
SELECT wanted.id,
    (SELECT count(*) FROM contact_lists WHERE sponsor_id = wanted.id) AS contact_lists,
    (SELECT count(*) FROM projects WHERE sponsor_id = wanted.id) AS projects,
    (SELECT count(*) FROM products WHERE sponsor_id = wanted.id) AS products
FROM unnest($1::text[]) AS wanted (id)
"""


async def insert(work: UnitOfWork, sponsor_id: str, name: str, code: str | None, contact: str | None) -> Sponsor:
    """Raises 409 when the name is taken."""
    return await _written(work, INSERT, sponsor_id, name, key_of(name), code, contact)


async def update(work: UnitOfWork, sponsor: Sponsor) -> Sponsor:
    """Stores a new version. Raises 409 when the name is taken."""
    values = (sponsor.id, sponsor.name, key_of(sponsor.name), sponsor.code, sponsor.contact, sponsor.status)
    return await _written(work, UPDATE, *values)


async def find(work: UnitOfWork, sponsor_id: str, scope: Scope) -> Sponsor | None:
    return _sponsor(await work.fetchrow(FIND, sponsor_id, scope.sponsor_ids))


async def find_to_change(work: UnitOfWork, sponsor_id: str) -> Sponsor | None:
    return _sponsor(await work.fetchrow(FIND_TO_CHANGE, sponsor_id))


async def hold_status(work: UnitOfWork, sponsor_id: str) -> str | None:
    """It stays what it is until this transaction ends. None: there is no such sponsor."""
    return await work.fetchval(STATUS_HELD, sponsor_id)


async def list_page(
    work: UnitOfWork, scope: Scope, status: str | None, before: str | None, limit: int
) -> list[Sponsor]:
    """Newest first."""
    rows = await work.fetch(LIST, scope.sponsor_ids, status, before, limit)
    return [msgspec.convert(dict(row), Sponsor) for row in rows]


async def count_attached(work: UnitOfWork, sponsor_ids: list[str]) -> dict[str, Counts]:
    rows = await work.fetch(COUNT_ATTACHED, sponsor_ids)
    return {
        row["id"]: Counts(contact_lists=row["contact_lists"], projects=row["projects"], products=row["products"])
        for row in rows
    }


async def is_any_active_shared(work: UnitOfWork) -> bool:
    """If False, no sponsor becomes active before this transaction ends."""
    await work.execute(SHARE_THE_RULE)
    return await work.fetchval(ANY_ACTIVE)


async def own_the_rule(work: UnitOfWork) -> None:
    """Waits for the transactions that saw no active sponsor."""
    await work.execute(OWN_THE_RULE)


def _sponsor(row: Record | None) -> Sponsor | None:
    return None if row is None else msgspec.convert(dict(row), Sponsor)


async def _written(work: UnitOfWork, statement: str, *values: Any) -> Sponsor:
    try:
        row = await work.fetchrow(statement, *values)
    except asyncpg.UniqueViolationError as error:
        if error.as_dict().get("constraint_name") != "sponsors_name":
            raise
        detail = "Another sponsor has this name."
        taken = [FieldError("/name", "sponsor-name-taken", detail)]
        raise DomainError(Kind.CONFLICT, "sponsor-name-taken", detail, taken) from None
    assert row is not None  # noqa: S101 -- the caller holds the row, or made it
    return msgspec.convert(dict(row), Sponsor)
