"""`Idempotency-Key` for a request whose effect is committed by others, on other connections.

The usual way keeps a transaction open while the request runs. Here ten such requests would hold all connections, and
wait for one more. What they do is safe to do twice, so that only the answer needs keeping.
"""

from collections.abc import Awaitable, Callable

from lead_intake_svc.intake.push_lead import in_progress
from messaging.database import Database
from servicekit.idempotency_many import Once, StoredAnswer, find_answers, store_answers
from servicekit.problems import invalid


class AnswerOnce:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._running: set[tuple[str, str]] = set()

    async def answer(self, once: Once, make: Callable[[], Awaitable[StoredAnswer]]) -> tuple[StoredAnswer, bool]:
        """The first answer, and whether it was given before. Raises 422 for a key that was used with another request,
        409 while the same request runs in this process; of two that run in different processes, one answer counts.
        """
        name = (once.caller, once.key)
        if name in self._running:
            raise in_progress()
        self._running.add(name)
        try:
            known = await self._known(once)
            if known is not None:
                return known, True
            made = await make()
            async with self._database.unit_of_work() as work:
                stored = await store_answers(work.connection, [(once, made)])
            return (made, False) if stored else (await self._known(once) or made, True)
        finally:
            self._running.discard(name)

    async def _known(self, once: Once) -> StoredAnswer | None:
        async with self._database.unit_of_work() as work:
            found = (await find_answers(work.connection, [once])).get((once.caller, once.key))
        if found is None:
            return None
        fingerprint, answer = found
        if fingerprint != once.fingerprint:
            raise invalid("idempotency-key-reused", "The key was used before with another request.")
        return answer
