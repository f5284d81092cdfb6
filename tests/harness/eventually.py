"""Waiting for an effect in another service: asked again until it is there, or the promised time is over."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from harness.api import Refused, Unavailable

T = TypeVar("T")
AT_LATEST_SECONDS = 5.0  # what the API promises under load
PAUSE_SECONDS = 0.02


async def eventually(ask: Callable[[], Awaitable[T]], *, within: float = AT_LATEST_SECONDS) -> T:
    """The first answer of `ask` that is truthy; a refusal, nobody there and AssertionError count as not yet."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    failure: Exception | None = None
    while loop.time() < deadline:
        try:
            answer = await ask()
        except (Refused, Unavailable, AssertionError) as error:
            failure = error
        else:
            if answer is None or answer:
                return answer
            failure = AssertionError(f"still {answer!r}")
        await asyncio.sleep(PAUSE_SECONDS)
    raise AssertionError(f"not within {within} s: {failure}") from failure
