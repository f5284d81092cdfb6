"""Contacts of a CRM in messages that wait or have failed (S0.9): they have no lead ids yet. Pure."""

from typing import Any

import msgspec
from lead_intake_svc.erasure.written import Written


def without_person(body: bytes, named: Written) -> bytes | None:
    """The message without the contacts that are the person; None when none of them is."""
    message: dict[str, Any] = msgspec.json.decode(body)
    contacts: dict[str, dict[str, Any]] = message["data"]["contacts"]
    others = {name: contact for name, contact in contacts.items() if not _is(contact, named)}
    if len(others) == len(contacts):
        return None
    return msgspec.json.encode({**message, "data": {**message["data"], "contacts": others}})


def _is(contact: dict[str, Any], named: Written) -> bool:
    """However it was written: nothing is normalised yet."""
    return any(named.names(str(contact.get(name) or "")) for name in ("email", "phone"))
