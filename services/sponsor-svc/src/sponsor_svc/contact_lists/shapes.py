"""Bodies and answers of `/v1/contact-lists`."""

from datetime import date
from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, StringConstraints
from servicekit.http import Input, Patch

from sponsor_svc.contact_lists.contact_list import ContactList
from sponsor_svc.contact_lists.expiry import EARLIEST, LATEST
from sponsor_svc.names import EntityId, Name
from sponsor_svc.shapes import Named, PageQuery, Stored


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known(zone: str) -> str:
    if zone not in _zones():
        raise ValueError("The time zone is not in the IANA database, e.g. Europe/Helsinki.")
    return zone


Zone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known)]
ExpiresOn = Annotated[date, Field(ge=EARLIEST, le=LATEST)]


class NewContactList(Input):
    name: Name
    project_id: EntityId | None = None
    sponsor_id: EntityId | None = None
    expires_on: ExpiresOn | None = Field(default=None, description="The last day, in time_zone.")
    time_zone: Zone = "UTC"


class ContactListPatch(Patch):
    name: Name = ""
    project_id: EntityId | None = None
    sponsor_id: EntityId | None = None
    expires_on: ExpiresOn | None = None
    time_zone: Zone = "UTC"


class ContactListQuery(PageQuery):
    sponsor_id: EntityId | None = None
    project_id: EntityId | None = None
    expired: bool | None = None


class ContactListName(Named):
    project_id: str | None
    expired: bool


class ContactListOut(Stored):
    name: str
    project_id: str | None
    sponsor_id: str | None
    expires_on: date | None
    time_zone: str
    expired: bool


def shown(contact_list: ContactList) -> ContactListOut:
    return ContactListOut.model_validate(vars(contact_list))


def named(contact_list: ContactList) -> ContactListName:
    return ContactListName.model_validate({f: getattr(contact_list, f) for f in ContactListName.model_fields})
