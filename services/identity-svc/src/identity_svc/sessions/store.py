"""All SQL about sessions and guesses."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from messaging.unit_of_work import UnitOfWork

# Counts the try before the password is looked at, so that many at once are counted like many in a row. No row comes
# back while the target is blocked.
_COUNT_TRY = """
INSERT INTO guesses AS g (target, failures, last_at, blocked_until) VALUES ($1, 1, now(), '-infinity')
ON CONFLICT (target) DO UPDATE SET
    failures = CASE WHEN g.last_at < now() - $2::interval THEN 1 ELSE g.failures + 1 END,
    last_at = now(),
    blocked_until = CASE WHEN g.last_at < now() - $2::interval OR g.failures + 1 < $3 THEN '-infinity'
        ELSE clock_timestamp() + least($2::interval, interval '1 second' * power(2, least(g.failures + 1 - $3, 12))) END
WHERE g.blocked_until <= clock_timestamp()
RETURNING true
"""
_SECONDS_BLOCKED = "SELECT ceil(extract(epoch FROM blocked_until - now()))::int FROM guesses WHERE target = $1"
_FORGIVE_ADDRESS = (
    "UPDATE guesses SET failures = greatest(failures - 1, 0), blocked_until = '-infinity' WHERE target = $1"
)
_FIND_USER = "SELECT id, email, access_level, password_hash, active FROM users WHERE email_normalised = $1"
_INSERT = """
INSERT INTO sessions (token_hash, user_id, method, user_agent, expires_at)
SELECT $1, id, $3, $4, now() + $5 FROM users WHERE id = $2 AND active
RETURNING expires_at
"""
_FIND_CALLER = """
SELECT u.id, u.access_level, u.permissions, u.partner_id, coalesce(r.sponsor_ids, '{}') AS sponsor_ids,
    coalesce(r.pages, '{}') AS pages, s.last_used_at < now() - interval '1 minute' AS use_is_news
FROM sessions s JOIN users u ON u.id = s.user_id
    LEFT JOIN sponsor_rights r ON r.user_id = u.id AND u.access_level = 'sponsor'
WHERE s.token_hash = $1 AND s.expires_at > now() AND s.last_used_at > now() - $2::interval AND u.active
    AND NOT (s.method = 'password' AND u.access_level = ANY (SELECT unnest(second_factor_levels) FROM sign_in_policy))
"""
_FIND_METHOD = "SELECT method FROM sessions WHERE user_id = $1 AND token_hash = $2 AND expires_at > now()"
_LIST = """
SELECT id, created_at, last_used_at, expires_at, method, user_agent, token_hash = $2 AS current
FROM sessions
WHERE user_id = $1 AND expires_at > now() AND last_used_at > now() - $3::interval
    AND ($4::timestamptz IS NULL OR (created_at, id) < ($4, $5))
ORDER BY created_at DESC, id DESC LIMIT $6
"""


@dataclass(frozen=True)
class Limit:
    """After `free` failures each one blocks twice as long as the last, up to `window`; after it all is forgotten."""

    free: int
    window: timedelta


@dataclass(frozen=True)
class Credentials:
    user_id: str
    email: str
    access_level: str
    password_hash: str | None
    active: bool


@dataclass(frozen=True)
class NewSession:
    token_hash: bytes
    user_id: str
    method: str
    user_agent: str
    lifetime: timedelta


@dataclass(frozen=True)
class Own:
    """Whose sessions are asked for. `current` is the hash of the one that asks; `idle` after which one has ended."""

    user_id: str
    current: bytes
    idle: timedelta


async def count_try(work: UnitOfWork, target: bytes, limit: Limit) -> bool:
    """False while the target is blocked."""
    return bool(await work.fetchval(_COUNT_TRY, target, limit.window, limit.free))


async def seconds_blocked(work: UnitOfWork, target: bytes) -> int:
    return max(1, await work.fetchval(_SECONDS_BLOCKED, target) or 1)


async def forgive(work: UnitOfWork, account: bytes, address: bytes) -> None:
    """A right password clears the account, but of the address only its own try.

    In the order in which tries are counted: in the other one, two sign-ins could each wait for the other.
    """
    await work.execute(_FORGIVE_ADDRESS, address)
    await work.execute("DELETE FROM guesses WHERE target = $1", account)


async def find_credentials(work: UnitOfWork, email: str) -> Credentials | None:
    row = await work.fetchrow(_FIND_USER, email)
    if row is None:
        return None
    return Credentials(row["id"], row["email"], row["access_level"], row["password_hash"], row["active"])


async def replace_password_hash(work: UnitOfWork, user_id: str, old: str | None, new: str) -> None:
    await work.execute("UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2", user_id, old, new)


async def insert(work: UnitOfWork, new: NewSession) -> datetime | None:
    """When it ends; None if the user has been deactivated meanwhile."""
    expires_at: datetime | None = await work.fetchval(
        _INSERT, new.token_hash, new.user_id, new.method, new.user_agent, new.lifetime
    )
    return expires_at


async def delete(work: UnitOfWork, token_hash: bytes) -> bool:
    return await work.execute("DELETE FROM sessions WHERE token_hash = $1", token_hash) == "DELETE 1"


async def list_after(work: UnitOfWork, own: Own, after: tuple[datetime, str] | None, limit: int) -> list[Any]:
    """The newest first."""
    return await work.fetch(_LIST, own.user_id, own.current, own.idle, *(after or (None, None)), limit)


async def find_method(work: UnitOfWork, user_id: str, token_hash: bytes) -> str | None:
    """How the session was opened; None if it is over, or somebody else's."""
    method: str | None = await work.fetchval(_FIND_METHOD, user_id, token_hash)
    return method


async def end(work: UnitOfWork, user_id: str, session_id: str) -> bool:
    statement = "DELETE FROM sessions WHERE user_id = $1 AND id = $2"
    return await work.execute(statement, user_id, session_id) == "DELETE 1"


async def end_others(work: UnitOfWork, user_id: str, current: bytes) -> None:
    await work.execute("DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2", user_id, current)


async def find_caller(work: UnitOfWork, token_hash: bytes, idle: timedelta) -> Any | None:
    """None for a session that has ended, or of which nobody made use for so long. Notes the use, once a minute."""
    row = await work.fetchrow(_FIND_CALLER, token_hash, idle)
    if row is not None and row["use_is_news"]:
        await work.execute("UPDATE sessions SET last_used_at = now() WHERE token_hash = $1", token_hash)
    return row


async def delete_expired(work: UnitOfWork, window: timedelta, idle: timedelta) -> None:
    await work.execute("DELETE FROM sessions WHERE expires_at <= now() OR last_used_at <= now() - $1::interval", idle)
    await work.execute("DELETE FROM guesses WHERE last_at < now() - $1::interval AND blocked_until <= now()", window)
