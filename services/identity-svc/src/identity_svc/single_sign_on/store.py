"""All SQL about sign-ons that are under way at the provider."""

from dataclasses import dataclass
from datetime import timedelta

from messaging.unit_of_work import UnitOfWork

_INSERT = """
INSERT INTO sign_on_flows (state_hash, browser_hash, nonce, code_verifier, return_to, former_hash, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, now() + $7)
"""
# Taken once: a second request with the same state finds nothing, nor does another browser.
_TAKE = """
DELETE FROM sign_on_flows WHERE state_hash = $1 AND browser_hash = $2 AND expires_at > now()
RETURNING nonce, code_verifier, return_to, former_hash
"""
_FIND_ACTIVE = """
SELECT u.id, u.access_level = ANY (p.second_factor_levels) AS needs_second_factor
FROM users u CROSS JOIN sign_in_policy p WHERE u.email_normalised = $1 AND u.active
"""


@dataclass(frozen=True)
class Flow:
    nonce: str
    code_verifier: str
    return_to: str
    former_hash: bytes | None


@dataclass(frozen=True)
class Person:
    user_id: str
    needs_second_factor: bool


async def insert(work: UnitOfWork, state_hash: bytes, browser_hash: bytes, flow: Flow, lifetime: timedelta) -> None:
    values = (flow.nonce, flow.code_verifier, flow.return_to, flow.former_hash, lifetime)
    await work.execute(_INSERT, state_hash, browser_hash, *values)


async def take(work: UnitOfWork, state_hash: bytes, browser_hash: bytes) -> Flow | None:
    row = await work.fetchrow(_TAKE, state_hash, browser_hash)
    return Flow(**row) if row is not None else None


async def find_active(work: UnitOfWork, email: str) -> Person | None:
    row = await work.fetchrow(_FIND_ACTIVE, email)
    return Person(row["id"], row["needs_second_factor"]) if row is not None else None


async def delete_expired(work: UnitOfWork) -> None:
    await work.execute("DELETE FROM sign_on_flows WHERE expires_at <= now()")
