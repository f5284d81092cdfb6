"""What a task may see of rows that are somebody's own: every row, or those of a partner, of sponsors, of an agent.

A worker sees every row. The edge of an HTTP API says `see` when it knows who calls; until then a reading request sees
nothing. The database enforces it: a transaction with less than every row runs as the role `<login>_restricted`, whose
row-level security reads the settings made here.
"""

import asyncio
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from contextvars import Context, ContextVar
from dataclasses import dataclass
from typing import Any, Final, TypeVar

RESTRICTED_SUFFIX: Final = "_restricted"
# Names of roles and settings, and values, are parameters: nothing is quoted by hand.
RESTRICT: Final = f"""
SELECT set_config('role', session_user || '{RESTRICTED_SUFFIX}', true), set_config('leadwire.partner_id', $1, true),
    set_config('leadwire.sponsor_ids', $2, true), set_config('leadwire.agent_id', $3, true),
    set_config('leadwire.permissions', $4, true)
"""


@dataclass(frozen=True, slots=True)
class Sight:
    """Rows that belong to any of these. Without all of them: no row that is somebody's.

    `permissions`: what an agent may do beyond that; a table's condition may ask for one.
    """

    partner_id: str = ""
    sponsor_ids: frozenset[str] = frozenset()
    agent_id: str = ""
    permissions: frozenset[str] = frozenset()
    every_row: bool = False

    def settings(self) -> tuple[str, str, str, str]:
        """The parameters of RESTRICT. Raises ValueError for an id that would be read as two."""
        if any("," in one for one in (*self.sponsor_ids, *self.permissions)):
            raise ValueError("a sponsor's id or a permission holds a comma")
        sponsor_ids, permissions = (",".join(sorted(each)) for each in (self.sponsor_ids, self.permissions))
        return self.partner_id, sponsor_ids, self.agent_id, permissions


EVERYTHING: Final = Sight(every_row=True)
NOTHING: Final = Sight()
T = TypeVar("T")
_sight: ContextVar[Sight] = ContextVar("sight", default=EVERYTHING)


class SightRestricted(RuntimeError):
    """Somebody with a restricted sight was about to read around it, or cannot be given one: our fault, not theirs."""


def current_sight() -> Sight:
    return _sight.get()


def see(sight: Sight) -> None:
    """From now on, in this task and those that it starts; transactions that are open stay as they began."""
    _sight.set(sight)


@contextmanager
def seeing(sight: Sight) -> Generator[None]:
    token = _sight.set(sight)
    try:
        yield
    finally:
        _sight.reset(token)


def start_apart(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """A task that serves everybody, whoever's request started it: it sees every row, and is part of no transaction."""
    return asyncio.get_running_loop().create_task(work, context=Context())
