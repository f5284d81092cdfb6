"""What spreadsheets do to values, undone where nothing is lost, and said where something is: pure."""

import re
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
_SCIENTIFIC = re.compile(r"\+?(\d)(?:[.,](\d+))?[eE]\+?(\d{1,2})")
_TRAILING_ZERO = re.compile(r"(\+?\d{5,})[.,]0+")
_AS_TEXT = re.compile(r'="([^"]*)"')
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ T,]+(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?)?")
_SPACES = {ord(space): " " for space in "\u00a0\u2007\u202f\u2009"}
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200e\u200f\u202a\u202c\ufeff"))
YES = frozenset({"1", "true", "yes", "y", "x", "on", "kyllä", "k", "tosi"})
NO = frozenset({"", "0", "false", "no", "n", "off", "ei", "e", "epätosi"})
WITHOUT_MINOR = frozenset({"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"})
_MARKED = frozenset("'=")
NEUTRALISED = ("'=", "'+", "'-", "'@", "'\t", "'\r", "'\n")


class Damaged(ValueError):
    """Part of the value is lost. `code` and the words go to whoever sent the file."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def clean(cell: str) -> str:
    """Without what no reader sees, and without what spreadsheets (and our own export) put before text."""
    text = cell.strip() if cell.isascii() else cell.translate(_SPACES).translate(_INVISIBLE).strip()
    if text[:1] not in _MARKED:
        return text
    if text.startswith(NEUTRALISED):
        return text[1:].strip()
    wrapped = _AS_TEXT.fullmatch(text)
    return wrapped[1].strip() if wrapped else text


def repair_phone(text: str) -> str:
    """Raises Damaged when digits are gone: `3.58401E+11` might be any of a million numbers."""
    text = text.lstrip("'").strip()
    if text[:4].lower() == "tel:":
        text = text[4:]
    scientific = _SCIENTIFIC.fullmatch(text.replace(" ", ""))
    if scientific is not None:
        return _unfold(scientific)
    trailing = _TRAILING_ZERO.fullmatch(text)
    return trailing[1] if trailing else text


def _unfold(scientific: re.Match[str]) -> str:
    digits, places = scientific[1] + (scientific[2] or ""), int(scientific[3])
    if len(digits) - 1 < places:
        raise Damaged("phone-digits-lost", "The spreadsheet has shortened the number: digits are missing.")
    if places + 1 < len(digits) and digits[places + 1 :].strip("0"):
        raise Damaged("phone-not-a-number", "This is not a phone number.")
    return digits[: places + 1]


def with_plus(text: str) -> str | None:
    """The number as if its plus sign had been lost; None for what cannot be one."""
    digits = "".join(character for character in text if character not in " -()./")
    plausible = digits.isascii() and digits.isdecimal() and 10 <= len(digits) <= 15 and digits[0] != "0"
    return f"+{digits}" if plausible else None


def read_yes_no(text: str) -> bool:
    word = text.casefold()
    if word in YES:
        return True
    if word in NO:
        return False
    raise Damaged("yes-or-no", "Write yes or no.")


def read_time(text: str, zone: tzinfo) -> str:
    """ISO 8601, or the day first with dots (`24.12.2026 18:00`); `zone` is where a time without one was written.

    With slashes nobody knows whether the day or the month comes first: that is not guessed.
    """
    try:
        day_first = _DAY_FIRST.fullmatch(text)
        if day_first is not None:
            day, month, year, *clock = (int(part or 0) for part in day_first.groups())
            at = datetime(year, month, day, *clock, tzinfo=zone)
        else:
            at = datetime.fromisoformat(text)
        return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise Damaged("time-unreadable", "Write the time as 2026-12-24T18:00:00+02:00 or 24.12.2026 18:00.") from None


def read_object(text: str) -> dict[str, Any]:
    return _read_json(text, dict[str, Any])


def read_list(text: str) -> list[Any]:
    return _read_json(text, list[Any])


def _read_json(text: str, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, RecursionError):
        raise Damaged("json-unreadable", "Write this as JSON, as an export does.") from None


def read_minor(text: str, currency: str) -> int:
    """`1 234,50`, `1,234.50` and `1234.5` in minor units; the last separator is the decimal one, if at most two
    digits follow it.
    """
    factor = 1 if currency in WITHOUT_MINOR else 100
    bare = "".join(character for character in text if character not in " \u00a0\u202f'€$£")
    whole, separator, decimals = _split(bare)
    digits = whole.replace(",", "").replace(".", "")
    try:
        amount = Decimal(f"{digits}.{decimals}" if separator else digits)
    except InvalidOperation:
        raise Damaged("amount-unreadable", "Write the amount as 1234.50.") from None
    minor = amount * factor
    if not amount.is_finite() or minor != minor.to_integral_value():
        raise Damaged("amount-unreadable", "Write the amount as 1234.50.")
    return int(minor)


def _split(text: str) -> tuple[str, bool, str]:
    place = max(text.rfind(","), text.rfind("."))
    if place == -1 or len(text) - place - 1 > 2:
        return text, False, ""
    return text[:place], True, text[place + 1 :]
