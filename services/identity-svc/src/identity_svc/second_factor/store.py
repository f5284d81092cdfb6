"""All SQL about second factors and the rules of signing in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from messaging.unit_of_work import UnitOfWork

# One that is confirmed is never replaced: it has to be removed first.
_ENROL = """
INSERT INTO totp_factors AS f (user_id, secret_sealed) VALUES ($1, $2)
ON CONFLICT (user_id) DO UPDATE SET secret_sealed = $2, last_step = 0, created_at = now() WHERE f.confirmed_at IS NULL
RETURNING true
"""
# Two sign-ins with one code wait for each other here, and the second finds the step taken.
_ACCEPT = """
UPDATE totp_factors SET last_step = $3, confirmed_at = coalesce(confirmed_at, now())
WHERE user_id = $1 AND secret_sealed = $2 AND last_step < $3
RETURNING true
"""
_STATE = """
SELECT u.access_level = ANY (p.second_factor_levels) AS required, f.confirmed_at,
    (SELECT count(*) FROM recovery_codes c WHERE c.user_id = u.id) AS recovery_codes_left
FROM users u CROSS JOIN sign_in_policy p LEFT JOIN totp_factors f ON f.user_id = u.id
WHERE u.id = $1
"""
_CHANGE_POLICY = """
UPDATE sign_in_policy SET second_factor_levels = $1, version = version + 1, updated_at = now()
RETURNING second_factor_levels, version, updated_at
"""


@dataclass(frozen=True)
class Factor:
    secret_sealed: bytes
    confirmed: bool


@dataclass(frozen=True)
class FactorState:
    """What its owner may see of it."""

    required: bool
    confirmed_at: datetime | None
    recovery_codes_left: int


async def enrol(work: UnitOfWork, user_id: str, sealed: bytes) -> bool:
    """False if there is a confirmed one."""
    return bool(await work.fetchval(_ENROL, user_id, sealed))


async def find(work: UnitOfWork, user_id: str) -> Factor | None:
    row = await work.fetchrow("SELECT secret_sealed, confirmed_at FROM totp_factors WHERE user_id = $1", user_id)
    return Factor(row["secret_sealed"], row["confirmed_at"] is not None) if row is not None else None


async def accept(work: UnitOfWork, user_id: str, sealed: bytes, step: int) -> bool:
    """False if a code of this step, or of a later one, was accepted before."""
    return bool(await work.fetchval(_ACCEPT, user_id, sealed, step))


async def remove(work: UnitOfWork, user_id: str) -> None:
    await work.execute("DELETE FROM totp_factors WHERE user_id = $1", user_id)


async def replace_recovery_codes(work: UnitOfWork, user_id: str, hashes: Sequence[bytes]) -> None:
    await work.execute("DELETE FROM recovery_codes WHERE user_id = $1", user_id)
    statement = "INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, unnest($2::bytea[])"
    await work.execute(statement, user_id, list(hashes))


async def use_recovery_code(work: UnitOfWork, user_id: str, code_hash: bytes) -> bool:
    statement = "DELETE FROM recovery_codes WHERE user_id = $1 AND code_hash = $2"
    return await work.execute(statement, user_id, code_hash) == "DELETE 1"


async def state(work: UnitOfWork, user_id: str) -> FactorState | None:
    row = await work.fetchrow(_STATE, user_id)
    return FactorState(**row) if row is not None else None


async def is_required(work: UnitOfWork, level: str) -> bool:
    return bool(await work.fetchval("SELECT $1 = ANY (second_factor_levels) FROM sign_in_policy", level))


async def find_policy(work: UnitOfWork, *, lock: bool = False) -> Any:
    query = "SELECT second_factor_levels, version, updated_at FROM sign_in_policy"
    return await work.fetchrow(f"{query} FOR UPDATE" if lock else query)


async def change_policy(work: UnitOfWork, levels: Sequence[str]) -> Any:
    return await work.fetchrow(_CHANGE_POLICY, list(levels))
