"""All SQL about users."""

from collections.abc import Sequence
from typing import Any

from messaging.unit_of_work import UnitOfWork

from identity_svc.users.model import AccessLevel, Profile, User, normalise_email

_COLUMNS = """
    id, email, name, access_level, permissions, sponsor_id, partner_id, active, version, created_at, updated_at
"""
_INSERT = f"""
INSERT INTO users (id, email, email_normalised, name, access_level, permissions, sponsor_id, partner_id, active,
                   password_hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (email_normalised) DO NOTHING
RETURNING {_COLUMNS}
"""
_UPDATE = f"""
UPDATE users SET email = $2, email_normalised = $3, name = $4, access_level = $5, permissions = $6, sponsor_id = $7,
    partner_id = $8, active = $9, password_hash = coalesce($10, password_hash), version = version + 1,
    updated_at = now()
WHERE id = $1
RETURNING {_COLUMNS}
"""
_LIST = f"""
SELECT {_COLUMNS} FROM users
WHERE ($1::text IS NULL OR id > $1) AND ($2::text IS NULL OR access_level = $2) AND ($3::bool IS NULL OR active = $3)
ORDER BY id LIMIT $4
"""


def _user(row: Any) -> User:
    profile = Profile(
        email=row["email"],
        name=row["name"],
        access_level=AccessLevel(row["access_level"]),
        permissions=tuple(row["permissions"]),
        sponsor_id=row["sponsor_id"],
        partner_id=row["partner_id"],
        active=row["active"],
    )
    return User(
        id=row["id"],
        profile=profile,
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _values(profile: Profile) -> tuple[Any, ...]:
    return (
        profile.email,
        normalise_email(profile.email),
        profile.name,
        profile.access_level.value,
        list(profile.permissions),
        profile.sponsor_id,
        profile.partner_id,
        profile.active,
    )


async def insert(work: UnitOfWork, user_id: str, profile: Profile, password_hash: str | None) -> User | None:
    """None if somebody has the address."""
    row = await work.fetchrow(_INSERT, user_id, *_values(profile), password_hash)
    return _user(row) if row is not None else None


async def update(work: UnitOfWork, user_id: str, profile: Profile, password_hash: str | None) -> User:
    """Raises asyncpg.UniqueViolationError if somebody else has the address."""
    return _user(await work.fetchrow(_UPDATE, user_id, *_values(profile), password_hash))


async def find(work: UnitOfWork, user_id: str) -> User | None:
    row = await work.fetchrow(f"SELECT {_COLUMNS} FROM users WHERE id = $1", user_id)
    return _user(row) if row is not None else None


async def find_by_email(work: UnitOfWork, email: str) -> User | None:
    row = await work.fetchrow(f"SELECT {_COLUMNS} FROM users WHERE email_normalised = $1", normalise_email(email))
    return _user(row) if row is not None else None


async def one_change_at_a_time(work: UnitOfWork) -> None:
    """Until the commit: else two admins who deactivate each other at once would both succeed."""
    await work.execute("SELECT pg_advisory_xact_lock(hashtext('identity-svc changes of users'))")


async def has_other_active_admin(work: UnitOfWork, user_id: str) -> bool:
    query = "SELECT EXISTS (SELECT FROM users WHERE access_level = 'admin' AND active AND id <> $1)"
    return bool(await work.fetchval(query, user_id))


async def list_after(
    work: UnitOfWork, after: str | None, level: str | None, active: bool | None, limit: int
) -> Sequence[User]:
    return [_user(row) for row in await work.fetch(_LIST, after, level, active, limit)]


async def end_sessions(work: UnitOfWork, user_id: str) -> None:
    await work.execute("DELETE FROM sessions WHERE user_id = $1", user_id)
