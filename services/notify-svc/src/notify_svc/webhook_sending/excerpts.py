"""The little that is kept of a receiver's answer: pure rules. Receivers repeat what they were sent."""

import re
from typing import Any

MAX_EXCERPT = 200
_LIKE_AN_ADDRESS = re.compile(r"[^\s@\"'<>]+@[^\s@\"'<>]+")
_LIKE_A_NUMBER = re.compile(r"\+?\d(?:[\s().-]*\d){4,}")
_SHORTEST = 2


def excerpt_of(answer: bytes, sent: Any) -> str | None:
    """The answer's beginning, in one line: without any value that we sent, addresses and long numbers."""
    text = " ".join("".join(c if c.isprintable() else " " for c in answer.decode("utf-8", "replace")).split())
    for value in sorted(set(_strings(sent)), key=len, reverse=True):
        text = re.sub(re.escape(value), "…", text, flags=re.IGNORECASE)
    text = _LIKE_A_NUMBER.sub("…", _LIKE_AN_ADDRESS.sub("…", text))
    return text[:MAX_EXCERPT] or None


def _strings(value: Any) -> list[str]:
    match value:
        case str():
            return [value.strip()] if len(value.strip()) >= _SHORTEST else []
        case dict():
            return [text for each in value.values() for text in _strings(each)]
        case list():
            return [text for each in value for text in _strings(each)]
        case _:
            return []
