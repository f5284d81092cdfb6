"""What is due is done: a portion of one kind per call, in one transaction; says whether there is more.

A reminder is never the truth. Whoever is reminded looks whether it is still so, and does nothing when it is not; who
meets somebody else at the same moment is reminded again.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final

from messaging.inbox.failures import DATABASE_TROUBLE
from messaging.unit_of_work import UnitOfWork

from assignment_svc.timers import store

logger = logging.getLogger(__name__)

PORTION: Final = 500
_AFTER_A_FAILURE: Final = timedelta(minutes=1)

Fire = Callable[[UnitOfWork, Sequence[str]], Awaitable[None]]


class Clock:
    """Fires what is due. `handlers`: what to do with the subjects of each kind, all that are due at once."""

    def __init__(self, handlers: Mapping[str, Fire]) -> None:
        self._handlers = handlers

    async def fire(self, work: UnitOfWork, portion: int = PORTION) -> bool:
        """Whether more was due than that."""
        due, more = await store.take_due(work, portion)
        if due:
            await self._fire(work, due[0].kind, list(dict.fromkeys(one.subject for one in due)))
        return more

    async def _fire(self, work: UnitOfWork, kind: str, subjects: list[str]) -> None:
        """A kind that fails is put off, and keeps no other from being fired."""
        try:
            async with work.part():
                await self._handlers[kind](work, subjects)
        except DATABASE_TROUBLE:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it is, the others are due, too
            logger.error("timers of kind %s failed and are put off: %s", kind, type(error).__name__)  # noqa: TRY400 -- a traceback may hold personal data
            await store.remind(work, kind, subjects, _AFTER_A_FAILURE)
