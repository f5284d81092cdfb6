"""Bodies and answers of `/v1/statistics-links` and `/v1/shared-statistics`."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field, SecretStr
from servicekit.http import Input
from servicekit.http_input import Exactly

from sponsor_svc.names import EntityId, Name
from sponsor_svc.shapes import PageQuery
from sponsor_svc.sharing.link import Link
from sponsor_svc.statistics.periods import Grain

Password = Annotated[SecretStr, Field(min_length=8, max_length=128), Exactly]


class NewLink(Input):
    """`sponsor_id` may be left out by an account over one sponsor. `expires_at`: within 366 days."""

    name: Name | None = None
    sponsor_id: EntityId | None = None
    project_id: EntityId | None = None
    expires_at: AwareDatetime
    password: Password | None = None


class LinkQuery(PageQuery):
    sponsor_id: EntityId | None = None


class LinkOut(BaseModel):
    id: str
    name: str | None
    sponsor_id: str
    project_id: str | None
    has_password: bool
    expires_at: datetime
    revoked_at: datetime | None
    opened_at: datetime | None
    created_at: datetime


class LinkWithToken(LinkOut):
    """`token` is shown this once; empty when the answer is given again."""

    token: str


class Opening(Input):
    token: Annotated[SecretStr, Field(max_length=100)]
    password: Annotated[SecretStr, Field(max_length=128), Exactly] | None = None


class Opened(BaseModel):
    """`ticket` is sent as the header `Leadwire-Ticket` with every question until `expires_at`."""

    ticket: str
    expires_at: datetime
    sponsor_name: str
    project_name: str | None


class SharedFilter(Input):
    """`from` and `to` count in whole minutes; without them, all the time."""

    from_: AwareDatetime | None = Field(default=None, alias="from")
    to: AwareDatetime | None = None


class SharedQuery(SharedFilter):
    by: Grain = "hour"


def shown(link: Link) -> LinkOut:
    return LinkOut.model_validate({name: getattr(link, name) for name in LinkOut.model_fields})


def without_token(answer: bytes) -> bytes:
    """What is kept of the answer that shows it."""
    return LinkWithToken.model_validate_json(answer).model_copy(update={"token": ""}).model_dump_json().encode()
