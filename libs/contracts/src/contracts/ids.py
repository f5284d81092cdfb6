"""Ids: UUIDv7 made in Python (PostgreSQL 15 has no uuidv7()), and opaque strings with a type prefix."""

import os
import threading
import time
from datetime import datetime
from uuid import UUID

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford, lower case: sorts like the number it encodes
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_SHIFTS = range(120, -1, -10)
_LETTERS = 26
_LETTERS_OF_TIME = 10
_last: list[int] = [0]
_lock = threading.Lock()


def new_uuid() -> UUID:
    """A UUIDv7 that is greater than every one this process made before (RFC 9562, method 3: sub-millisecond clock)."""
    return UUID(int=_new_number())


def new_id(prefix: str) -> str:
    """For example `lead_01j9…`: 26 characters after the prefix, sortable by time."""
    return _written(prefix, _new_number())


def _new_number() -> int:
    sub_milliseconds = time.time_ns() * 4096 // 1_000_000
    with _lock:
        sub_milliseconds = _last[0] = max(sub_milliseconds, _last[0] + 1)
    milliseconds, fraction = divmod(sub_milliseconds, 4096)
    return (milliseconds << 80) | (0x7 << 76) | (fraction << 64) | (0b10 << 62) | (int.from_bytes(os.urandom(8)) >> 2)


def lowest_id(prefix: str, at: datetime) -> str:
    """Not an id, but where those made at that time (to the millisecond) or later begin."""
    return _written(prefix, max(int(at.timestamp() * 1000), 0) << 80)


def made_at(written: str) -> tuple[str, float] | None:
    """The prefix, and when the id was made (seconds since 1970); None for what is none of ours."""
    prefix, _, rest = written.partition("_")
    if len(rest) != _LETTERS or not _VALUES.keys() >= set(rest):
        return None
    milliseconds = 0
    for letter in rest[:_LETTERS_OF_TIME]:
        milliseconds = milliseconds << 5 | _VALUES[letter]
    return prefix, milliseconds / 1000


def _written(prefix: str, number: int) -> str:
    return f"{prefix}_" + "".join([_PAIRS[(number >> shift) & 1023] for shift in _SHIFTS])
