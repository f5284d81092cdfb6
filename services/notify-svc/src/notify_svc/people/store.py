"""SQL of our people."""

from collections.abc import Sequence
from dataclasses import dataclass

from messaging.unit_of_work import UnitOfWork

UPSERT = """
INSERT INTO users (user_id, version, email, access_level, active)
SELECT * FROM jsonb_to_recordset($1) AS u(user_id text, version bigint, email text, access_level text, active boolean)
ORDER BY user_id
ON CONFLICT (user_id) DO UPDATE
SET version = excluded.version, email = excluded.email, access_level = excluded.access_level, active = excluded.active
WHERE users.version < excluded.version
"""
READ = """
SELECT k.key, u.email FROM unnest($1::text[]) AS k(key) JOIN users u ON u.access_level = k.key OR u.user_id = k.key
WHERE u.active AND u.access_level NOT IN ('sponsor', 'partner', 'integration') ORDER BY k.key, u.email
"""


@dataclass(frozen=True, slots=True)
class UserRow:
    user_id: str
    version: int
    email: str
    access_level: str
    active: bool


async def upsert_users(work: UnitOfWork, users: Sequence[UserRow]) -> None:
    """One row per user; a version that is not newer than the stored one changes nothing."""
    await work.execute(UPSERT, users)


async def read_people(work: UnitOfWork, keys: Sequence[str]) -> dict[str, list[str]]:
    """The addresses of active people of the call centre, by access level or user id."""
    people: dict[str, list[str]] = {}
    for row in await work.fetch(READ, keys):
        people.setdefault(row["key"], []).append(row["email"])
    return people
