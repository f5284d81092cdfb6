"""Idempotency keys of many requests at once, for endpoints that commit them together.

Such an endpoint marks itself with `handles_idempotency = True` and stores each answer with its effect.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from fastapi import Request

from servicekit.idempotency import KEY_HEADER, MAX_KEY_LENGTH, caller_of
from servicekit.problems import invalid

_FIND = """
SELECT caller, key, fingerprint, status, headers, body FROM idempotency_keys
JOIN unnest($1::text[], $2::text[]) AS asked (caller, key) USING (caller, key)
WHERE created_at >= now() - interval '24 hours'
"""
# A key that somebody stored since it was looked for is not replaced, and missing from the count.
_STORE = """
INSERT INTO idempotency_keys AS k (caller, key, fingerprint, status, headers, body)
SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::int2[], $5::jsonb[], $6::bytea[])
ON CONFLICT (caller, key) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status,
    headers = excluded.headers, body = excluded.body, created_at = now()
WHERE k.created_at < now() - interval '24 hours'
"""


@dataclass(frozen=True, slots=True)
class Once:
    """An `Idempotency-Key`: whose it is, and a digest of the request that it came with."""

    caller: str
    key: str
    fingerprint: bytes


class StoredAnswer(msgspec.Struct, frozen=True):
    status: int
    headers: dict[str, str]
    body: bytes


async def once_of(request: Request) -> Once | None:
    """The request's key, if it has one; raises 422 for one that cannot be kept."""
    key = request.headers.get(KEY_HEADER)
    if key is None:
        return None
    if not 0 < len(key) <= MAX_KEY_LENGTH:
        raise invalid("idempotency-key-invalid", f"The key must have 1 to {MAX_KEY_LENGTH} characters.")
    place = f"{request.url.path}\n{request.url.query}\n".encode()
    return Once(caller_of(request), key, hashlib.sha256(place + await request.body()).digest())


async def find_answers(connection: Any, asked: Sequence[Once]) -> dict[tuple[str, str], tuple[bytes, StoredAnswer]]:
    """By caller and key: the fingerprint that the key was used with, and the answer that was given."""
    rows = await connection.fetch(_FIND, [once.caller for once in asked], [once.key for once in asked])
    return {
        (row["caller"], row["key"]): (row["fingerprint"], StoredAnswer(row["status"], row["headers"], row["body"]))
        for row in rows
    }


async def store_answers(connection: Any, answers: Sequence[tuple[Once, StoredAnswer]]) -> bool:
    """False when a key was used by somebody else since: then the transaction has to be rolled back."""
    done: str = await connection.execute(
        _STORE,
        [once.caller for once, _ in answers],
        [once.key for once, _ in answers],
        [once.fingerprint for once, _ in answers],
        [answer.status for _, answer in answers],
        [answer.headers for _, answer in answers],
        [answer.body for _, answer in answers],
    )
    return done == f"INSERT 0 {len(answers)}"
