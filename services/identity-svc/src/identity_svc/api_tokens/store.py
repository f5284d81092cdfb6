"""All SQL about the tokens of programs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from messaging.unit_of_work import UnitOfWork

_COLUMNS = "id, user_id, name, created_by, created_at, expires_at, last_used_at, revoked_at"
_COUNT_LIVE = """
SELECT count(*) FROM api_tokens WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > now()
"""
_INSERT = f"""
INSERT INTO api_tokens (id, user_id, name, token_hash, created_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
RETURNING {_COLUMNS}
"""
_LIST = f"""
SELECT {_COLUMNS} FROM api_tokens WHERE user_id = $1 AND ($2::text IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
"""
_REVOKE = """
UPDATE api_tokens SET revoked_at = coalesce(revoked_at, now()) WHERE user_id = $1 AND id = $2 RETURNING true
"""
# Only a user whose level may still have tokens: who was made something else has none that works.
_FIND_CALLER = """
SELECT u.id, u.access_level, u.permissions, u.partner_id, '{}'::text[] AS sponsor_ids, '{}'::text[] AS pages,
    t.id AS token_id, coalesce(t.last_used_at < now() - interval '1 minute', true) AS use_is_news
FROM api_tokens t JOIN users u ON u.id = t.user_id
WHERE t.token_hash = $1 AND t.expires_at > now() AND t.revoked_at IS NULL AND u.active
    AND u.access_level = 'integration'
"""


@dataclass(frozen=True)
class NewToken:
    id: str
    user_id: str
    name: str
    token_hash: bytes
    created_by: str
    expires_at: datetime


async def lock_integration(work: UnitOfWork, user_id: str) -> bool:
    """Whether it is an active user that programs sign in as; held until the commit, so that tokens are counted."""
    query = "SELECT access_level = 'integration' AND active FROM users WHERE id = $1 FOR UPDATE"
    return bool(await work.fetchval(query, user_id))


async def count_live(work: UnitOfWork, user_id: str) -> int:
    return int(await work.fetchval(_COUNT_LIVE, user_id))


async def insert(work: UnitOfWork, new: NewToken) -> Any:
    values = (new.id, new.user_id, new.name, new.token_hash, new.created_by, new.expires_at)
    return await work.fetchrow(_INSERT, *values)


async def list_after(work: UnitOfWork, user_id: str, after: str | None, limit: int) -> list[Any]:
    return await work.fetch(_LIST, user_id, after, limit)


async def revoke(work: UnitOfWork, user_id: str, token_id: str) -> bool:
    """False if the user has none such; revoked is revoked, however often it is said."""
    return bool(await work.fetchval(_REVOKE, user_id, token_id))


async def find_caller(work: UnitOfWork, token_hash: bytes) -> Any | None:
    """Notes the use, once a minute."""
    row = await work.fetchrow(_FIND_CALLER, token_hash)
    if row is not None and row["use_is_news"]:
        await work.execute("UPDATE api_tokens SET last_used_at = now() WHERE id = $1", row["token_id"])
    return row
