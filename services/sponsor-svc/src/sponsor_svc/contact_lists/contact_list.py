"""A contact list: people to be called, until it expires."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from contracts.events.sponsor import ContactListContent

E = TypeVar("E", bound=ContactListContent)


@dataclass(frozen=True, kw_only=True)
class ListSettings:
    """What a person decides about a list. It expires when the day `expires_on` is over in `time_zone`; None: never."""

    name: str
    project_id: str | None
    sponsor_id: str | None
    expires_on: date | None
    time_zone: str


@dataclass(frozen=True, kw_only=True)
class ContactList(ListSettings):
    id: str
    expired: bool
    version: int
    created_at: datetime
    updated_at: datetime


def told(contact_list: ContactList, event_class: type[E]) -> E:
    return event_class(
        contact_list_id=contact_list.id,
        name=contact_list.name,
        project_id=contact_list.project_id,
        sponsor_id=contact_list.sponsor_id,
        expires_on=contact_list.expires_on,
        time_zone=contact_list.time_zone,
        expired=contact_list.expired,
    )
