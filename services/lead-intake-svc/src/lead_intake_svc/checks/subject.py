"""What the checks look at, and the rules that they look by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol


class SentConsent(Protocol):
    @property
    def given_at(self) -> datetime: ...


class Sent(Protocol):
    """A lead as it was sent."""

    @property
    def first_name(self) -> str | None: ...
    @property
    def last_name(self) -> str | None: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def email(self) -> str | None: ...
    @property
    def address(self) -> dict[str, Any] | None: ...
    @property
    def consent(self) -> SentConsent | None: ...


@dataclass(slots=True)
class Subject:
    """`phone` and `email` normalised, None where missing or wrong.

    `takes_mail` says whether the address's domain takes e-mail, as far as anybody knows.
    """

    sent: Sent
    phone: str | None
    email: str | None
    takes_mail: bool | None
    now: datetime


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A place in a lead: `phone`, `custom.size`, `address.postcode`."""

    name: str
    key: str | None

    @property
    def pointer(self) -> str:
        return f"/{self.name}" + (f"/{self.key}" if self.key else "")

    def value(self, sent: object) -> Any:
        """None where nothing is."""
        value = getattr(sent, self.name, None)
        if self.key is None or value is None:
            return value
        return value.get(self.key) if isinstance(value, dict) else getattr(value, self.key, None)


def path_of(text: str) -> FieldPath:
    name, _, key = text.partition(".")
    return FieldPath(name, key or None)


@dataclass(frozen=True, slots=True)
class CustomRule:
    """`matches` decides about a whole value, in time that grows with its length only."""

    name: str
    path: FieldPath
    matches: Callable[[str], bool]
    level: str
    detail: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What a project asks beyond the levels."""

    required: tuple[FieldPath, ...] = ()
    suppressed_names: frozenset[str] = frozenset()
    consent_max_age: timedelta | None = None
    custom: tuple[CustomRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """A project's checks. `levels` has one for every check."""

    region: str
    levels: Mapping[str, str]
    settings: Settings
