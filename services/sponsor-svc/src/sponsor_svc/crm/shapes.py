"""A campaign as a CRM announces it."""

from datetime import datetime
from typing import Annotated, Any

from contracts.events.sponsor import Contact
from contracts.events.values import Account, Consent
from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, StringConstraints, model_validator
from servicekit.http import Input

from sponsor_svc.names import EntityId, Name
from sponsor_svc.projects.regions import Region
from sponsor_svc.projects.shapes import Kind, State

MOST_CONTACTS = 20_000


def _plain_size(value: dict[str, Any]) -> dict[str, Any]:
    if len(value) > 100 or any(len(key) > 100 for key in value):
        raise ValueError("There may be 100 fields at most, with names of 100 characters at most.")
    return value


CrmId = Annotated[str, StringConstraints(min_length=1, max_length=60)]
Short = Annotated[str, StringConstraints(max_length=100)]
Line = Annotated[str, StringConstraints(max_length=300)]
Text = Annotated[str, StringConstraints(max_length=4000)]
Free = Annotated[dict[str, Any], AfterValidator(_plain_size)]


class CrmConsent(Input):
    given_at: AwareDatetime
    text: Text | None = None
    source_url: Annotated[str, StringConstraints(max_length=2000)] | None = None


class CrmContact(Input):
    external_id: CrmId
    first_name: Short | None = None
    last_name: Short | None = None
    phone: Short | None = None
    email: Line | None = None
    address: Free | None = None
    consent: CrmConsent | None = None
    comments: Text | None = None
    custom: Free = Field(default_factory=dict[str, Any])


class CrmAccount(Input):
    external_id: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    name: Line | None = None
    fields_: Free = Field(default_factory=dict[str, Any], alias="fields")
    contacts: list[CrmContact] = Field(default_factory=list[CrmContact])


class Announcement(Input):
    """Accounts and contacts add to those that are there, by their ids at the CRM; none is taken away. Contacts without
    an account stand in `contacts`.
    """

    name: Name
    kind: Kind = "outbound"
    sponsor_id: EntityId | None = None
    region: Region = "FI"
    accounts: list[CrmAccount] = Field(default_factory=list[CrmAccount])
    contacts: list[CrmContact] = Field(default_factory=list[CrmContact])

    @model_validator(mode="after")
    def _each_once(self) -> "Announcement":
        ids = [contact.external_id for _, contact in self.everybody()]
        if len(ids) > MOST_CONTACTS:
            raise ValueError(f"Announce {MOST_CONTACTS} contacts at a time at most.")
        if len(set(ids)) < len(ids):
            raise ValueError("A contact is there twice.")
        return self

    def everybody(self) -> list[tuple[CrmAccount | None, CrmContact]]:
        of_accounts = [(account, contact) for account in self.accounts for contact in account.contacts]
        return [*of_accounts, *((None, contact) for contact in self.contacts)]


class Campaign(BaseModel):
    """`released` of the `contacts` wait no longer: they were handed to intake, or erased."""

    external_id: str
    project_id: str
    contact_list_id: str
    state: State
    contacts: int
    released: int
    created_at: datetime
    updated_at: datetime


def contact_of(account: CrmAccount | None, contact: CrmContact) -> Contact:
    consent = contact.consent
    return Contact(
        first_name=contact.first_name,
        last_name=contact.last_name,
        phone=contact.phone,
        email=contact.email,
        address=contact.address,
        account=account and Account(external_id=account.external_id, name=account.name, fields=account.fields_),
        consent=consent and Consent(given_at=consent.given_at, text=consent.text, source_url=consent.source_url),
        comments=contact.comments,
        custom=contact.custom,
    )
