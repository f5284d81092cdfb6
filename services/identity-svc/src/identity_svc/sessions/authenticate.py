"""Says who is calling: for the gateway, before it passes a request on."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from messaging.database import Database
from servicekit.identity import Identity, unauthenticated
from servicekit.problems import forbidden

from identity_svc.api_tokens import store as tokens
from identity_svc.sessions import store
from identity_svc.sessions.tokens import PROGRAM_PREFIX, csrf_fits, hash_token

PARTNER_KEY = "lw_"
REMEMBERED_SECONDS = 2.0
_REMEMBERED = 10_000
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Credentials:
    """As they came in. `method` is the original request's; unknown counts as a write."""

    bearer: str | None
    cookie: str | None
    csrf: str
    method: str


class Signer(Protocol):
    def sign(self, identity: Identity) -> str: ...


class Authenticate:
    """A deactivated user, an ended session, a revoked token or sponsor account, a lowered access level: within two
    seconds of being known here.
    """

    def __init__(
        self, database: Database, signer: Signer, idle: timedelta, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._clock = clock
        self._signer = signer
        self._idle = idle
        self._remembered: OrderedDict[bytes, tuple[float, str]] = OrderedDict()

    async def __call__(self, credentials: Credentials) -> str | None:
        """The signed identity; None without credentials, and for partner keys, which lead-intake-svc verifies.

        Raises 401 for credentials that are not good, and 403 for a cookie's write without its CSRF token.
        """
        if credentials.bearer is not None:
            if credentials.bearer.startswith(PARTNER_KEY):
                return None
            return await self._signed(credentials.bearer)
        if credentials.cookie is None or credentials.cookie.startswith(PROGRAM_PREFIX):
            return None
        signed = await self._signed(credentials.cookie)
        if credentials.method not in _READING and not csrf_fits(credentials.cookie, credentials.csrf):
            raise forbidden(
                "csrf-token-invalid",
                "Send the value of the cookie leadwire_csrf (by TLS __Host-leadwire_csrf) as X-CSRF-Token.",
            )
        return signed

    def forget(self, token: str) -> None:
        self._remembered.pop(hash_token(token), None)

    async def _signed(self, token: str) -> str:
        token_hash = hash_token(token)
        now = self._clock()
        known = self._remembered.get(token_hash)
        if known is not None and known[0] > now:
            return known[1]
        async with self._database.unit_of_work() as work:
            if token.startswith(PROGRAM_PREFIX):
                row = await tokens.find_caller(work, token_hash)
            else:
                row = await store.find_caller(work, token_hash, self._idle)
        if row is None:
            self._remembered.pop(token_hash, None)
            raise unauthenticated("The session or the token has ended. Sign in again.")
        signed = self._signer.sign(
            Identity(
                row["id"],
                row["access_level"],
                frozenset(row["permissions"]),
                sponsor_ids=frozenset(row["sponsor_ids"]),
                partner_id=row["partner_id"],
                pages=frozenset(row["pages"]),
            )
        )
        self._remembered[token_hash] = (now + REMEMBERED_SECONDS, signed)
        if len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)
        return signed
