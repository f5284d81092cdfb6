"""Gives a program a token."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.ids import new_id
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict, invalid

from identity_svc.api_tokens import store
from identity_svc.sessions.tokens import PROGRAM_PREFIX, hash_token, new_token

LONGEST = timedelta(days=366)
MOST = 20


@dataclass(frozen=True)
class Wanted:
    user_id: str
    name: str
    expires_at: datetime
    created_by: str


@dataclass(frozen=True)
class Issued:
    """`token` is nowhere else: only its hash is kept."""

    row: Any
    token: str


async def issue_token(work: UnitOfWork, wanted: Wanted) -> Issued:
    """Raises 409 unless the user is an active integration with room for one more, 422 for a time out of bounds."""
    now = datetime.now(UTC)
    if not now < wanted.expires_at <= now + LONGEST:
        raise invalid("expires-at-invalid", f"Between now and {LONGEST.days} days from now.", "/expires_at")
    if not await store.lock_integration(work, wanted.user_id):
        raise conflict("not-an-integration", "Only active users of the access level integration have tokens.")
    if await store.count_live(work, wanted.user_id) >= MOST:
        raise conflict("too-many-tokens", f"There are {MOST} tokens already. Revoke one first.")
    token = new_token(PROGRAM_PREFIX)
    new = store.NewToken(
        new_id("tok"), wanted.user_id, wanted.name, hash_token(token), wanted.created_by, wanted.expires_at
    )
    return Issued(await store.insert(work, new), token)
