"""What is known of mail domains: asked once, kept for a while, never waited for longer than a moment."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterable

from lead_intake_svc.mail_domains.resolver import Resolver

KEPT_SECONDS = {True: 3600.0, False: 600.0, None: 60.0}
MOST_KEPT = 20_000
MOST_AT_ONCE = 20
# Longer than the resolver's own limit only while many domains are asked for at once.
PATIENCE_SECONDS = 3.0


class MailDomains:
    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._kept: OrderedDict[str, tuple[float, bool | None]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._places = asyncio.Semaphore(MOST_AT_ONCE)

    def takes_mail(self, domain: str) -> bool | None:
        """None: not known."""
        kept = self._kept.get(domain)
        return kept[1] if kept is not None and kept[0] > time.monotonic() else None

    async def look_up(self, domains: Iterable[str]) -> None:
        """Returns when everything is known, or when it has taken too long; then the answers are kept for the next."""
        now = time.monotonic()
        unknown = {domain for domain in domains if (kept := self._kept.get(domain)) is None or kept[0] <= now}
        if unknown:
            await asyncio.wait([self._task(domain) for domain in unknown], timeout=PATIENCE_SECONDS)

    def _task(self, domain: str) -> "asyncio.Task[None]":
        task = self._asking.get(domain)
        if task is None:
            task = self._asking[domain] = asyncio.create_task(self._ask(domain))
            task.add_done_callback(lambda _: self._asking.pop(domain, None))
        return task

    async def _ask(self, domain: str) -> None:
        async with self._places:
            answer = await self._resolver.takes_mail(domain)
        self._kept[domain] = (time.monotonic() + KEPT_SECONDS[answer], answer)
        self._kept.move_to_end(domain)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
