"""What was typed into the search field, and what it is compared with. Pure."""

import re
from dataclasses import dataclass
from typing import Final

SHORTEST: Final = 2
_SHORTEST_NUMBER: Final = 5
_NUMBER: Final = re.compile(r"^\+?[\d\s()./-]+$")


@dataclass(frozen=True, slots=True)
class Sought:
    """Patterns for LIKE; None where the words cannot be such a thing. `exact` is a reference of some kind."""

    exact: str
    email: str | None = None
    phone: str | None = None
    phone_end: str | None = None
    names: tuple[str, ...] = ()


def read_search(words: str) -> Sought:
    """An e-mail address begins as typed; a number is international with a plus, else how it ends; else names."""
    text = " ".join(words.split())
    digits = re.sub(r"\D", "", text)
    if "@" in text:
        return Sought(text, email=beginning(text.casefold()))
    if _NUMBER.match(text) and len(digits) >= _SHORTEST_NUMBER:
        if text.startswith("+"):
            return Sought(text, phone=beginning("+" + digits))
        return Sought(text, phone_end=beginning(digits.lstrip("0")[::-1]))
    return Sought(text, names=tuple(beginning(part.lower()) for part in text.split()[:2]))


def beginning(text: str) -> str:
    """A LIKE pattern for what begins so, whatever signs it holds."""
    return re.sub(r"([\\%_])", r"\\\1", text) + "%"
