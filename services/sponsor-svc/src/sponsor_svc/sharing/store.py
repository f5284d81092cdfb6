"""SQL of the links to statistics, and of the visits to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from sponsor_svc.scope import Scope
from sponsor_svc.sharing.link import Link, Visit

_COLUMNS = """
    id, name, sponsor_id, project_id, password_hash IS NOT NULL AS has_password, expires_at, revoked_at, opened_at,
    made_by, of_account, created_at
"""
_MINE = "($2::text[] IS NULL OR sponsor_id = ANY($2))"

INSERT = f"""
INSERT INTO statistics_links (id, token_hash, name, sponsor_id, project_id, password_hash, expires_at, made_by,
    of_account)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING {_COLUMNS}
"""
FIND = f"SELECT {_COLUMNS} FROM statistics_links WHERE id = $1 AND {_MINE}"
LIST = f"""
SELECT {_COLUMNS} FROM statistics_links
WHERE ($1::text[] IS NULL OR sponsor_id = ANY($1)) AND ($2::text IS NULL OR sponsor_id = $2)
    AND ($3::text IS NULL OR id < $3)
ORDER BY id DESC LIMIT $4
"""
REVOKE = f"""
UPDATE statistics_links SET revoked_at = now() WHERE id = $1 AND {_MINE} AND revoked_at IS NULL RETURNING {_COLUMNS}
"""
PROJECT_OF = "SELECT true FROM projects WHERE id = $1 AND sponsor_id = $2 FOR KEY SHARE"

# What an account made ends with what the account may see.
_OPEN = """
    l.revoked_at IS NULL AND l.expires_at > now() AND (NOT l.of_account OR EXISTS (
        SELECT FROM sponsor_accounts AS a CROSS JOIN sponsor_account_feature AS f
        WHERE a.user_id = l.made_by AND a.active AND f.enabled AND 'statistics' = ANY(a.pages)
            AND l.sponsor_id = ANY(a.sponsor_ids)
    ))
"""
LOCKED_BY = f"""
SELECT l.id, l.password_hash, l.expires_at FROM statistics_links AS l WHERE l.token_hash = $1 AND {_OPEN}
"""
# Counted before the password is looked at, so that many at once are counted like many in a row.
COUNT_TRY = """
UPDATE statistics_links SET tries = CASE WHEN tried_at < now() - $2::interval THEN 1 ELSE tries + 1 END,
    tried_at = CASE WHEN tried_at < now() - $2::interval THEN now() ELSE tried_at END
WHERE id = $1 AND (tried_at < now() - $2::interval OR tries < $3) RETURNING true
"""
SECONDS_BLOCKED = """
SELECT ceil(extract(epoch FROM tried_at + $2::interval - now()))::int FROM statistics_links WHERE id = $1
"""
FORGIVE = "UPDATE statistics_links SET tries = 0 WHERE id = $1"
FORGET_OLD = "DELETE FROM statistics_visits WHERE expires_at <= now()"
ADMIT = """
WITH opened AS (UPDATE statistics_links SET opened_at = now() WHERE id = $2 RETURNING id, expires_at)
INSERT INTO statistics_visits (ticket_hash, link_id, expires_at)
SELECT $1, id, least(expires_at, now() + $3::interval) FROM opened
"""
VISIT = f"""
SELECT l.id AS link_id, l.made_by, l.sponsor_id, s.name AS sponsor_name, l.project_id, p.name AS project_name,
    v.expires_at
FROM statistics_visits AS v JOIN statistics_links AS l ON l.id = v.link_id JOIN sponsors AS s ON s.id = l.sponsor_id
    LEFT JOIN projects AS p ON p.id = l.project_id
WHERE v.ticket_hash = $1 AND v.expires_at > now() AND {_OPEN}
"""


@dataclass(frozen=True, kw_only=True)
class NewRow:
    id: str
    token_hash: bytes
    name: str | None
    sponsor_id: str
    project_id: str | None
    password_hash: str | None
    expires_at: datetime
    made_by: str
    of_account: bool


@dataclass(frozen=True)
class Lock:
    """A link that its token opens, if the password fits."""

    link_id: str
    password_hash: str | None
    expires_at: datetime


async def insert(work: UnitOfWork, row: NewRow) -> Link:
    return _link(await work.fetchrow(INSERT, *vars(row).values()))


async def project_is_of(work: UnitOfWork, project_id: str, sponsor_id: str) -> bool:
    return bool(await work.fetchval(PROJECT_OF, project_id, sponsor_id))


async def find(work: UnitOfWork, link_id: str, scope: Scope) -> Link | None:
    row = await work.fetchrow(FIND, link_id, scope.sponsor_ids)
    return None if row is None else _link(row)


async def list_page(
    work: UnitOfWork, scope: Scope, sponsor_id: str | None, before: str | None, limit: int
) -> Sequence[Link]:
    """Newest first."""
    return [_link(row) for row in await work.fetch(LIST, scope.sponsor_ids, sponsor_id, before, limit)]


async def revoke(work: UnitOfWork, link_id: str, scope: Scope) -> Link | None:
    """None: there is none that could still be revoked."""
    row = await work.fetchrow(REVOKE, link_id, scope.sponsor_ids)
    return None if row is None else _link(row)


async def find_lock(work: UnitOfWork, token_hash: bytes) -> Lock | None:
    row = await work.fetchrow(LOCKED_BY, token_hash)
    return None if row is None else Lock(*row)


async def count_try(work: UnitOfWork, link_id: str, window: timedelta, most: int) -> bool:
    """False while enough was tried."""
    return bool(await work.fetchval(COUNT_TRY, link_id, window, most))


async def seconds_blocked(work: UnitOfWork, link_id: str, window: timedelta) -> int:
    return max(1, await work.fetchval(SECONDS_BLOCKED, link_id, window) or 1)


async def forgive(work: UnitOfWork, link_id: str) -> None:
    await work.execute(FORGIVE, link_id)


async def admit(work: UnitOfWork, ticket_hash: bytes, link_id: str, lasting: timedelta) -> None:
    await work.execute(FORGET_OLD)
    await work.execute(ADMIT, ticket_hash, link_id, lasting)


async def find_visit(work: UnitOfWork, ticket_hash: bytes) -> Visit | None:
    row = await work.fetchrow(VISIT, ticket_hash)
    return None if row is None else msgspec.convert(dict(row), Visit)


def _link(row: Record | None) -> Link:
    assert row is not None  # noqa: S101 -- the caller made it, or looked
    return msgspec.convert(dict(row), Link)
