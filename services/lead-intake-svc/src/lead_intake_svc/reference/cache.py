"""The process's copy of keys, partners, projects and contact lists: never older than two seconds when it is used."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from lead_intake_svc.reference import store
from lead_intake_svc.reference.facts import ContactListFacts, KeyFacts, PartnerFacts, ProjectFacts, SaleRule
from messaging.database import Database
from messaging.sight import start_apart

REFRESH_SECONDS = 0.5
MAX_AGE_SECONDS = 2.0
TOUCH_SECONDS = 60.0


class Reference:
    """Counters are read at most twice a second, and only what has moved is loaded again.

    A copy that could not be refreshed for two seconds is not used: the request waits, and fails with the database.
    """

    def __init__(self, database: Database) -> None:
        self.keys: Mapping[str, KeyFacts] = {}
        self.partners: Mapping[str, PartnerFacts] = {}
        self.projects: Mapping[str, ProjectFacts] = {}
        self.contact_lists: Mapping[str, ContactListFacts] = {}
        self.sale_rules: Sequence[SaleRule] = ()
        self._database = database
        self._versions: dict[str, int] = {}
        self._read_at = float("-inf")
        self._touched_at = time.monotonic()
        self._used: set[str] = set()
        self._refreshing: asyncio.Task[None] | None = None

    async def current(self) -> None:
        """Returns when the copy is fresh enough; raises what the database raises."""
        age = time.monotonic() - self._read_at
        if age < REFRESH_SECONDS:
            return
        refreshing = self._start()
        if age >= MAX_AGE_SECONDS:
            await asyncio.shield(refreshing)

    async def reload(self) -> None:
        """For what is not in the copy, before it is called unknown: whatever was committed until now is seen."""
        if self._refreshing is not None:
            await asyncio.wait([self._refreshing])
        await asyncio.shield(self._start())

    def used(self, key_id: str) -> None:
        """Noted in the database once a minute."""
        self._used.add(key_id)

    def _start(self) -> asyncio.Task[None]:
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = start_apart(self._refresh())
            self._refreshing.add_done_callback(_retrieve)
        return self._refreshing

    async def _refresh(self) -> None:
        pool = self._database.pool
        asked_at = time.monotonic()
        found = await store.counters(pool)
        for name, load in self._loaders().items():
            if self._versions.get(name) != found[name]:
                await load(pool)
        self._versions = found
        self._read_at = asked_at
        if self._used and asked_at - self._touched_at > TOUCH_SECONDS:
            used, self._used, self._touched_at = sorted(self._used), set(), asked_at
            await store.touch(pool, used)

    def _loaders(self) -> dict[str, Callable[[Any], Awaitable[None]]]:
        return {
            "keys": self._load_keys,
            "partners": self._load_partners,
            "projects": self._load_projects,
            "sale_rules": self._load_sale_rules,
        }

    async def _load_keys(self, pool: Any) -> None:
        self.keys = await store.keys(pool)

    async def _load_partners(self, pool: Any) -> None:
        self.partners = await store.partners(pool)

    async def _load_projects(self, pool: Any) -> None:
        self.projects, self.contact_lists = await store.projects(pool), await store.contact_lists(pool)

    async def _load_sale_rules(self, pool: Any) -> None:
        self.sale_rules = await store.sale_rules(pool)


def _retrieve(task: asyncio.Task[None]) -> None:
    """Whoever needs the outcome awaits the task; otherwise the next use tries again."""
    if not task.cancelled():
        task.exception()
