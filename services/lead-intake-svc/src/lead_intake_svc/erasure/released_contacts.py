"""Contacts of a CRM in messages that wait or have failed (S0.9): they have no lead ids yet. Pure."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

_NO_DIGIT = re.compile(r"\D")


def without_person(body: bytes, identities: Sequence[tuple[str, str]]) -> bytes | None:
    """The message without the contacts that are the person; None when none of them is."""
    message: dict[str, Any] = msgspec.json.decode(body)
    contacts: dict[str, dict[str, Any]] = message["data"]["contacts"]
    others = {name: contact for name, contact in contacts.items() if not _is(contact, identities)}
    if len(others) == len(contacts):
        return None
    return msgspec.json.encode({**message, "data": {**message["data"], "contacts": others}})


def _is(contact: dict[str, Any], identities: Sequence[tuple[str, str]]) -> bool:
    """However it was written: nothing is normalised yet."""
    email, phone = str(contact.get("email") or ""), _NO_DIGIT.sub("", str(contact.get("phone") or ""))
    return any(
        email.strip().lower() == value if kind == "email" else phone != "" and phone[-8:] == value[-8:]
        for kind, value in identities
    )
