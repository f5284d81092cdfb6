"""What another service made a moment ago may still be on its way here (ADR 25).

Whoever got the id in one answer asks with it in the next request, and is not told that there is no such thing: the
refusal waits until the event has come, or the id is no longer young.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from typing import Any, Final

from contracts.ids import made_at
from fastapi import Request, Response

from servicekit.problems import DomainError, Kind

YOUNG_SECONDS = 2.0
_FIRST_PAUSE_SECONDS: Final = 0.02
_JSON: Final = "application/json"


async def patiently(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """The answer; asked for again, in a transaction of its own each time, while what it does not know may come."""
    heard_of: Collection[str] = getattr(request.app.state, "hears_of", ())
    try:
        return await answer(request)
    except DomainError as error:
        refusal = error
        named = await _pointed_at(request, error) if heard_of else []
    async for _ in pauses(named, heard_of):
        try:
            return await answer(request)
        except DomainError as error:
            refusal = error
    raise refusal


async def pauses(ids: Collection[str], prefixes: Collection[str]) -> AsyncIterator[None]:
    """One after another, each twice as long as the last, while one of the ids is young and of such a kind."""
    pause = _FIRST_PAUSE_SECONDS
    while any(_is_young(each, prefixes) for each in ids):
        await asyncio.sleep(pause)
        yield
        pause *= 2


def _is_young(written: str, prefixes: Collection[str]) -> bool:
    made = made_at(written)
    return made is not None and made[0] in prefixes and abs(time.time() - made[1]) < YOUNG_SECONDS


async def _pointed_at(request: Request, refusal: DomainError) -> list[str]:
    """What the address names and is not there, or the field of the body that names what is not there."""
    if refusal.kind is Kind.NOT_FOUND:
        return [str(value) for value in request.path_params.values()]
    pointers = [error.pointer for error in refusal.errors if error.pointer.startswith("/")]
    if not pointers or not request.headers.get("content-type", "").startswith(_JSON):
        return []
    body = await request.json()
    return [text for pointer in pointers for text in _strings(_at(body, pointer))]


def _at(value: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (each for each in value if isinstance(each, str))
