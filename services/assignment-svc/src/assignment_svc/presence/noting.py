"""Notes that agents are there, at most every few seconds each, before their request is answered."""

import logging
import time
from datetime import timedelta
from typing import Final

from messaging.database import Database
from messaging.inbox.failures import DATABASE_TROUBLE
from servicekit.identity import HEADER, IdentityVerifier
from servicekit.problems import DomainError
from starlette.types import ASGIApp, Receive, Scope, Send

from assignment_svc.presence import store

logger = logging.getLogger(__name__)

EVERY_SECONDS: Final = 15.0
_HEADER: Final = HEADER.encode()
_MOST_REMEMBERED: Final = 100_000


class Presence:
    """ASGI middleware. `offline_after`: how long somebody may say nothing and still be there (E9)."""

    def __init__(self, app: ASGIApp, database: Database, verifier: IdentityVerifier, offline_after: timedelta) -> None:
        self._app = app
        self._database = database
        self._verifier = verifier
        self._offline_after = offline_after
        self._noted: dict[str, float] = {}
        self._quiet: dict[bytes, float] = {}
        self._every = min(EVERY_SECONDS, offline_after.total_seconds() / 4)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            for name, value in scope["headers"]:
                if name == _HEADER:
                    now = time.monotonic()
                    if self._quiet.get(value, 0.0) <= now:
                        await self._note(value, now)
                    break
        await self._app(scope, receive, send)

    async def _note(self, token: bytes, now: float) -> None:
        """Remembers the token, too: most requests need not be looked into."""
        try:
            caller = self._verifier.verify(token.decode("latin-1"))
        except DomainError:
            return
        if len(self._noted) >= _MOST_REMEMBERED or len(self._quiet) >= _MOST_REMEMBERED:
            self._noted.clear()
            self._quiet.clear()
        if caller.access_level != "leads_agent":
            self._quiet[token] = now + self._every
            return
        if self._noted.get(caller.user_id, 0.0) <= now:
            if not await self._write(caller.user_id):
                return
            self._noted[caller.user_id] = now + self._every
        self._quiet[token] = self._noted[caller.user_id]

    async def _write(self, agent_id: str) -> bool:
        try:
            async with self._database.unit_of_work() as work:
                return await store.note(work, agent_id, self._offline_after)
        except DATABASE_TROUBLE as error:
            logger.warning("presence is not noted: %s", type(error).__name__)
            return False
