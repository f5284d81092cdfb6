"""SQL of the sponsor accounts."""

from collections.abc import Sequence
from typing import Any

import msgspec
from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from sponsor_svc.accounts.account import Account, Feature

_COLUMNS = "user_id AS id, sponsor_ids, pages, active, version, created_at, updated_at"

INSERT = f"""
INSERT INTO sponsor_accounts (user_id, sponsor_ids, pages, active) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING RETURNING {_COLUMNS}
"""
UPDATE = f"""
UPDATE sponsor_accounts SET sponsor_ids = $2, pages = $3, active = $4, version = version + 1, updated_at = now()
WHERE user_id = $1 RETURNING {_COLUMNS}
"""
FIND = f"SELECT {_COLUMNS} FROM sponsor_accounts WHERE user_id = $1"
LIST = f"""
SELECT {_COLUMNS} FROM sponsor_accounts
WHERE ($1::text IS NULL OR $1 = ANY(sponsor_ids)) AND ($2::boolean IS NULL OR active = $2)
    AND ($3::text IS NULL OR user_id < $3)
ORDER BY user_id DESC LIMIT $4
"""
RENEW_ACTIVE = f"UPDATE sponsor_accounts SET version = version + 1 WHERE active RETURNING {_COLUMNS}"

# Whoever grants or revokes sees the feature as it is when it commits.
SHARE_FEATURE = "SELECT enabled, version FROM sponsor_account_feature FOR SHARE"
READ_FEATURE = "SELECT enabled, version FROM sponsor_account_feature"
SWITCH = """
UPDATE sponsor_account_feature SET enabled = $1, version = version + 1 WHERE enabled <> $1 RETURNING enabled, version
"""
MISSING = """
SELECT wanted.id FROM unnest($1::text[]) AS wanted (id) WHERE NOT EXISTS (SELECT FROM sponsors WHERE id = wanted.id)
"""


async def insert(
    work: UnitOfWork, user_id: str, sponsor_ids: Sequence[str], pages: Sequence[str], *, active: bool
) -> Account | None:
    """None: the user has an account."""
    return _account(await work.fetchrow(INSERT, user_id, sponsor_ids, pages, active))


async def update(work: UnitOfWork, wanted: Account) -> Account:
    """Stores a new version."""
    account = _account(await work.fetchrow(UPDATE, wanted.id, wanted.sponsor_ids, wanted.pages, wanted.active))
    assert account is not None  # noqa: S101 -- the caller holds the row
    return account


async def find(work: UnitOfWork, user_id: str, *, to_change: bool = False) -> Account | None:
    return _account(await work.fetchrow(f"{FIND} FOR UPDATE" if to_change else FIND, user_id))


async def list_page(
    work: UnitOfWork,
    sponsor_id: str | None,
    active: bool | None,
    before: str | None,
    limit: int,
) -> list[Account]:
    """Newest users first."""
    rows: list[Any] = await work.fetch(LIST, sponsor_id, active, before, limit)
    return [msgspec.convert(dict(row), Account) for row in rows]


async def renew_active(work: UnitOfWork) -> list[Account]:
    """Every active account, with a new version."""
    return [msgspec.convert(dict(row), Account) for row in await work.fetch(RENEW_ACTIVE)]


async def read_feature(work: UnitOfWork, *, shared: bool = False) -> Feature:
    row = await work.fetchrow(SHARE_FEATURE if shared else READ_FEATURE)
    assert row is not None  # noqa: S101 -- the migration made it
    return Feature(**row)


async def switch(work: UnitOfWork, *, enabled: bool) -> Feature | None:
    """None: it was so before."""
    row = await work.fetchrow(SWITCH, enabled)
    return None if row is None else Feature(**row)


async def missing_sponsors(work: UnitOfWork, sponsor_ids: Sequence[str]) -> list[str]:
    return [row["id"] for row in await work.fetch(MISSING, sponsor_ids)]


def _account(row: Record | None) -> Account | None:
    return None if row is None else msgspec.convert(dict(row), Account)
