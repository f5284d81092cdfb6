"""The fields of a lead and its account: their names, and what fits them. Pure."""

import re
from typing import Any, Final

from contracts.corrections import CONTENT, PERSON

LEAD: Final = (*PERSON, *CONTENT)
ACCOUNT: Final = ("account.name",)
# Partners call their fields as they like, in any alphabet.
NAME: Final = r"^((custom|account)\.\w[\w .-]{0,79}|\w[\w -]{0,79})$"
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]{2,}")
_PHONE: Final = re.compile(r"\+[1-9]\d{6,14}")
_LONGEST: Final = {"comments": 4000}


def is_field(name: str) -> bool:
    """`first_name`, `custom.size`, `account.name`, `account.industry`."""
    return name in LEAD or (name.startswith(("custom.", "account.")) and re.match(NAME, name) is not None)


def why_refused(name: str, value: Any) -> str | None:
    """In words, or None when the value fits the field."""
    if value is None:
        return "An account keeps its name." if name == "account.name" else None
    if name == "address":
        return None if isinstance(value, dict) else "An address is an object."
    if name in LEAD or name == "account.name":
        return _text_refused(name, value)
    if isinstance(value, dict):
        return "This field takes a text, a number, yes or no."
    return None


def _text_refused(name: str, value: Any) -> str | None:
    if not isinstance(value, str) or not value or len(value) > _LONGEST.get(name, 400):
        return "This field takes a text that is not too long."
    if name == "phone" and not _PHONE.fullmatch(value):
        return "A phone number is written in E.164: a plus, the country, the number."
    if name == "email" and not _EMAIL.fullmatch(value):
        return "This is no e-mail address."
    return None
