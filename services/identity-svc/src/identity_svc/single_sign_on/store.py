"""All SQL about sign-ons: those under way at the provider, and whom it means by a subject."""

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
_FIND_BOUND = """
SELECT u.id, u.active, u.access_level = ANY (p.second_factor_levels) AS needs_second_factor
FROM sign_on_subjects s JOIN users u ON u.id = s.user_id CROSS JOIN sign_in_policy p
WHERE s.issuer = $1 AND s.subject = $2
"""
# Nothing for an address that is no active user's, nor where the user is bound to another subject.
_BIND = """
INSERT INTO sign_on_subjects (issuer, subject, user_id)
SELECT $1, $2, id FROM users WHERE email_normalised = $3 AND active
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class Flow:
    nonce: str
    code_verifier: str
    return_to: str
    former_hash: bytes | None


@dataclass(frozen=True)
class Subject:
    """Who somebody is at the provider, for good; an address may be somebody else's one day."""

    issuer: str
    subject: str


@dataclass(frozen=True)
class Person:
    user_id: str
    active: bool
    needs_second_factor: bool


async def insert(work: UnitOfWork, state_hash: bytes, browser_hash: bytes, flow: Flow, lifetime: timedelta) -> None:
    values = (flow.nonce, flow.code_verifier, flow.return_to, flow.former_hash, lifetime)
    await work.execute(_INSERT, state_hash, browser_hash, *values)


async def take(work: UnitOfWork, state_hash: bytes, browser_hash: bytes) -> Flow | None:
    row = await work.fetchrow(_TAKE, state_hash, browser_hash)
    return Flow(**row) if row is not None else None


async def find_bound(work: UnitOfWork, who: Subject) -> Person | None:
    row = await work.fetchrow(_FIND_BOUND, who.issuer, who.subject)
    return Person(row["id"], row["active"], row["needs_second_factor"]) if row is not None else None


async def bind(work: UnitOfWork, who: Subject, email: str) -> None:
    """To the active user with the address, unless that one is somebody else at the provider."""
    await work.execute(_BIND, who.issuer, who.subject, email)


async def unbind(work: UnitOfWork, user_id: str) -> None:
    await work.execute("DELETE FROM sign_on_subjects WHERE user_id = $1", user_id)


async def delete_expired(work: UnitOfWork) -> None:
    await work.execute("DELETE FROM sign_on_flows WHERE expires_at <= now()")
