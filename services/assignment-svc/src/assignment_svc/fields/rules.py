"""The fields of a lead and its account: their names, and what a corrected lead looks like. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final

PERSON: Final = ("first_name", "last_name", "phone", "email")
LEAD: Final = (*PERSON, "address", "comments", "contact_time")
ACCOUNT: Final = ("account.name",)
NAME: Final = r"^(custom\.|account\.)?[A-Za-z0-9_][A-Za-z0-9_ -]{0,79}$"
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


def corrected(lead: Mapping[str, Any], edits: Mapping[str, Any]) -> dict[str, Any]:
    """`lead` has the person's fields and `content`; the answer has the same, with the edits."""
    content = dict(lead["content"])
    custom = dict(content.get("custom") or {})
    account = dict(content.get("account") or {})
    account_fields = dict(account.get("fields") or {})
    person = {name: lead[name] for name in PERSON}
    for name, value in edits.items():
        if name in PERSON:
            person[name] = value.casefold() if name == "email" and value else value
        elif name in LEAD:
            content[name] = value
        elif name.startswith("custom."):
            custom[name.removeprefix("custom.")] = value
        elif name == "account.name":
            account["name"] = value
        else:
            account_fields[name.removeprefix("account.")] = value
    if account:
        content["account"] = {**account, "fields": account_fields}
    return {**person, "content": {**content, "custom": custom}}
