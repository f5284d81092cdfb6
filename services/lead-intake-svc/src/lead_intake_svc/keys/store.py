"""All SQL of partner keys."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

_SHOWN = "id, name, scopes, test, created_at, last_used_at, expires_at, revoked_at"
_INSERT = f"""
INSERT INTO partner_keys (id, partner_id, name, digest, scopes, test) VALUES ($1, $2, $3, $4, $5, $6) RETURNING {_SHOWN}
"""
_LIST = f"""
SELECT {_SHOWN} FROM partner_keys WHERE partner_id = $1 AND ($2::text IS NULL OR id > $2) ORDER BY id LIMIT $3
"""
# An old key that is rotated twice keeps the earlier end.
_ROTATE = """
UPDATE partner_keys SET expires_at = least(expires_at, $4), replaced_by = $3
WHERE partner_id = $1 AND id = $2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
RETURNING name, scopes, test
"""
_REVOKE = "UPDATE partner_keys SET revoked_at = now() WHERE partner_id = $1 AND id = $2 AND revoked_at IS NULL"


async def insert(work: UnitOfWork, partner_id: str, key_id: str, digest: bytes, wanted: Mapping[str, Any]) -> Record:
    row = await work.fetchrow(_INSERT, key_id, partner_id, wanted["name"], digest, wanted["scopes"], wanted["test"])
    assert row is not None  # noqa: S101 -- an INSERT with RETURNING gives its row
    return row


async def rotate(work: UnitOfWork, partner_id: str, key_id: str, new_id: str, ends_at: datetime) -> Record | None:
    """What the new key takes over; None when the old one is not active."""
    return await work.fetchrow(_ROTATE, partner_id, key_id, new_id, ends_at)


async def fetch_page(work: UnitOfWork, partner_id: str, after: str | None, limit: int) -> list[Record]:
    return await work.fetch(_LIST, partner_id, after, limit)


async def revoke(work: UnitOfWork, partner_id: str, key_id: str) -> bool:
    return await work.execute(_REVOKE, partner_id, key_id) == "UPDATE 1"
