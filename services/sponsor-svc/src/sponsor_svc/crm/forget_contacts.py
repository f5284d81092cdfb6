"""Contacts who are erased (I2.27) before anybody activated their campaign, or while they are on their way to intake."""

from collections.abc import Sequence
from typing import Any

import msgspec
from contracts.events.values import MaskedIdentity
from contracts.masking import names, without
from messaging.unit_of_work import UnitOfWork

from sponsor_svc.crm import store

PORTION = 500
Person = Sequence[MaskedIdentity]
Contact = dict[str, Any]


async def forget_contacts(work: UnitOfWork, person: Person) -> dict[str, int]:
    """How many rows per table. An id is kept of each: the CRM may announce the contact again, and does not bring the
    person back.
    """
    if not person:
        return {}
    await store.keep_announcements_out(work)
    return {"crm_contacts": await _waiting(work, person)} | await _messages(work, person)


async def _waiting(work: UnitOfWork, person: Person) -> int:
    changed, after = 0, ("", 0)
    while rows := await store.waiting_contacts(work, after, PORTION):
        for row in rows:
            cleaned = cleaned_contact(row["contact"], person)
            if cleaned != row["contact"]:
                await store.clean_contact(work, row["campaign_id"], row["external_id"], cleaned)
                changed += 1
        after = rows[-1]["campaign_id"], rows[-1]["position"]
    return changed


async def _messages(work: UnitOfWork, person: Person) -> dict[str, int]:
    """Intake keeps the erased out; what is sent anew, or waits for somebody, names them no longer."""
    removed: dict[str, int] = {}
    for table, rows in (await store.released_messages(work)).items():
        removed[table] = 0
        for row in rows:
            body = cleaned_message(row["body"], person)
            if body != row["body"]:
                await store.keep_message(work, table, row["id"], body)
                removed[table] += 1
    return removed


def cleaned_message(body: bytes, person: Person) -> bytes:
    """The message itself when the person is not in it."""
    message: dict[str, Any] = msgspec.json.decode(body)
    contacts: dict[str, Contact] = message["data"]["contacts"]
    cleaned = {name: cleaned_contact(contact, person) for name, contact in contacts.items()}
    if cleaned == contacts:
        return body
    others = {name: contact for name, contact in cleaned.items() if contact}
    return msgspec.json.encode({**message, "data": {**message["data"], "contacts": others}})


def cleaned_contact(contact: Contact, person: Person) -> Contact:
    """Nothing when the contact is the person. Where somebody else's names them, that is cut out."""
    if any(names(contact.get(field) or "", person) for field in ("phone", "email")):
        return {}
    cleaned: Contact = _cut(contact, person)
    return cleaned


def _cut(value: Any, person: Person) -> Any:
    match value:
        case str():
            return without(value, person)
        case dict():
            entries: dict[str, Any] = value
            return {key: inner if key == "external_id" else _cut(inner, person) for key, inner in entries.items()}
        case list():
            items: list[Any] = value
            return [_cut(item, person) for item in items]
        case _:
            return value
