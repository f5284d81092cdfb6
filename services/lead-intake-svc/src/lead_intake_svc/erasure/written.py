"""How a person's number and address may stand in a text that nobody has normalised: pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import phonenumbers
from contracts.events.values import MaskedIdentity
from contracts.masking import masked_address, masked_number, of_country

_BETWEEN = r"[ ()./\u00a0-]{0,3}"


@dataclass(frozen=True, slots=True)
class Written:
    """`forms`: a pattern of each number and address; the country code with which a number is that of the person."""

    forms: tuple[tuple[re.Pattern[str], str | None], ...]

    @property
    def patterns(self) -> list[str]:
        """As PostgreSQL takes them, too. They find as much as `names`, and a number of another country that is
        otherwise the same.
        """
        return [pattern.pattern for pattern, _ in self.forms]

    def names(self, text: str) -> bool:
        return any(_belongs(match, country) for pattern, country in self.forms for match in pattern.finditer(text))

    def without(self, text: str) -> str:
        """The text as it is, but for the number and the address."""
        for pattern, country in self.forms:
            text = pattern.sub(lambda match, own=country: "" if _belongs(match, own) else match[0], text)
        return text


def written(identities: Sequence[tuple[str, str]]) -> Written:
    return Written(tuple(_number(value) if kind == "phone" else _address(value) for kind, value in identities))


def masked(identities: Sequence[tuple[str, str]]) -> list[MaskedIdentity]:
    """For services that hold people who are no leads yet, and are not to be told who it is."""
    return [masked_number(*_parts(value)) if kind == "phone" else masked_address(value) for kind, value in identities]


def _number(value: str) -> tuple[re.Pattern[str], str]:
    """By its national digits, however they are grouped: with or without a country, or a leading zero."""
    country, digits = _parts(value)
    return re.compile(_BETWEEN.join(digits) + r"(?!\d)"), country


def _address(value: str) -> tuple[re.Pattern[str], None]:
    return re.compile(rf"(?<![\w.+-]){re.escape(value)}(?![\w-]|\.\w)", re.IGNORECASE), None


def _belongs(match: re.Match[str], country: str | None) -> bool:
    return country is None or of_country(match.string[: match.start()], country)


def _parts(number: str) -> tuple[str, str]:
    parsed = phonenumbers.parse(number)
    return str(parsed.country_code), phonenumbers.national_significant_number(parsed)
