"""A person in an event that must not name them (I2.27): whoever holds the number or the address finds it by its digest,
however it was written. Pure.

The digests are salted, and no secret: who has the event and tries every number finds the right one. They name the
person to nobody who only reads them, and go with the message.
"""

import hashlib
import re
import secrets
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from contracts.events.values import MaskedIdentity

_DIGIT: Final = re.compile(r"\d")
_SEPARATORS: Final = re.compile(r"[ ()./\u00a0-]{0,3}")
_ADDRESS: Final = re.compile(r"[^\s<>()\[\],;:\"']+@[\w.-]*[\w-]")
# What makes a number one of a certain country: `+358`, `00358`, `+358 (0)`.
_ABROAD: Final = re.compile(r"(?:\+|(?<!\d)00)([\d ()./\u00a0-]{1,8})$")
_NO_DIGIT: Final = re.compile(r"\D")
_LONGEST_PREFIX: Final = 12
Span = tuple[int, int]


def masked_number(country: str, national: str) -> MaskedIdentity:
    """By the digits of the country and those inside of it, without a leading zero that is only dialled."""
    salt = secrets.token_hex(16)
    return MaskedIdentity(digest=_digest(salt, national), salt=salt, country=country, digits=len(national))


def masked_address(address: str) -> MaskedIdentity:
    salt = secrets.token_hex(16)
    return MaskedIdentity(digest=_digest(salt, address.casefold()), salt=salt)


def names(text: str, person: Sequence[MaskedIdentity]) -> bool:
    return any(True for identity in person for _ in _spans(text, identity))


def without(text: str, person: Sequence[MaskedIdentity]) -> str:
    """The text as it is, but for the number and the address."""
    for identity in person:
        for begun, ended in reversed(list(_spans(text, identity))):
            text = text[:begun] + text[ended:]
    return text


def of_country(before: str, country: str) -> bool:
    """Whether what stands before a number's national digits leaves it one of the country."""
    abroad = _ABROAD.search(before[-_LONGEST_PREFIX:])
    return abroad is None or _NO_DIGIT.sub("", abroad[1].replace("(0)", "")) in {country, f"{country}0"}


def _spans(text: str, identity: MaskedIdentity) -> Iterator[Span]:
    found = _addresses(text) if identity.digits is None else _numbers(text, identity.digits, identity.country)
    for value, (begun, ended) in found:
        if _digest(identity.salt, value) == identity.digest:
            yield begun, ended


def _addresses(text: str) -> Iterator[tuple[str, Span]]:
    for match in _ADDRESS.finditer(text):
        yield match[0].casefold(), match.span()


def _numbers(text: str, digits: int, country: str) -> Iterator[tuple[str, Span]]:
    """Every row of so many digits, however they are grouped, that ends where a number may end."""
    places = [match.start() for match in _DIGIT.finditer(text)]
    joined = [_SEPARATORS.fullmatch(text, one + 1, other) is not None for one, other in pairwise(places)]
    for last in range(digits - 1, len(places)):
        first = last - digits + 1
        begun, ended = places[first], places[last] + 1
        closed = last + 1 == len(places) or places[last + 1] > ended
        if closed and all(joined[first:last]) and of_country(text[:begun], country):
            yield "".join(text[place] for place in places[first : last + 1]), (begun, ended)


def _digest(salt: str, value: str) -> str:
    return hashlib.blake2b(value.encode(), key=bytes.fromhex(salt), digest_size=16).hexdigest()
