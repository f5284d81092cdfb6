"""Password hashing: argon2id, off the event loop, a few at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from servicekit.problems import DomainError, Kind

T = TypeVar("T")

# OWASP's choice: 19 MiB, two passes, one lane.
_MEMORY_KIB, _PASSES, _LANES = 19 * 1024, 2, 1
_AT_A_TIME = 2
_MOST_WAITING = 100


class Passwords:
    """Each check takes a core for some 20 ms: more than a hundred waiting is overload, and said so with a 503."""

    def __init__(self) -> None:
        hasher = Argon2Hasher(memory_cost=_MEMORY_KIB, time_cost=_PASSES, parallelism=_LANES)
        self._hasher = PasswordHash([hasher])
        self._threads = ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="argon2")
        self._waiting = 0

    async def hash(self, password: str) -> str:
        return await self._in_thread(partial(self._hasher.hash, password))

    async def verify(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """Whether it is right, and a new hash if the stored one is weaker than today's. None takes as long as any."""
        return await self._in_thread(partial(self._verify, password, stored))

    def _verify(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        right, stronger = self._hasher.verify_and_update(password, stored or self._decoy)
        return right and stored is not None, stronger

    @cached_property
    def _decoy(self) -> str:
        return self._hasher.hash("nobody's password")

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._waiting >= _MOST_WAITING:
            raise DomainError(
                Kind.UNAVAILABLE, "overloaded", "Too many sign-ins at once.", headers={"Retry-After": "2"}
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1
