"""Forms: how the fields of somebody's web form become a lead (I2.28)."""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, StrictBool, StringConstraints, field_validator
from servicekit.http import Input

from lead_intake_svc.intake.shapes import Id, Text, Url

PLAIN_TARGETS = frozenset({
    "external_id", "first_name", "last_name", "full_name", "phone", "email", "location", "comments", "contact_time",
    "consent",
})  # fmt: skip
_NESTED = re.compile(
    r"(?:address|custom)\.[A-Za-z0-9_-]{1,60}|account\.(?:external_id|name)|consent\.(?:given_at|text|ip|source_url|certificate_url)"
)


def _target(value: str) -> str:
    if value not in PLAIN_TARGETS and not _NESTED.fullmatch(value):
        raise ValueError("There is no such field of a lead.")
    return value


Target = Annotated[str, StringConstraints(max_length=100), AfterValidator(_target)]
Source = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
PerMinute = Annotated[int, Field(ge=1, le=10_000, strict=True)]


class _Settings(Input):
    """`mapping`: from a lead's field (`phone`, `full_name`, `custom.size`, `consent`) to the name that the form has for
    it; in JSON a path (`answers.0.value`). What is not mapped is kept in `custom`, unless `keep_unmapped` is off.

    A checked `consent` counts as given now, from the sender's address and page, to `consent_text`. `honeypot` names a
    field that people do not see: whoever fills it in is a program. `public`: no key is needed.
    """

    contact_list_id: Id | None = None
    constants: dict[Target, Annotated[str, StringConstraints(max_length=300)]] = Field(
        default_factory=dict, max_length=50
    )
    keep_unmapped: StrictBool = True
    consent_text: Text | None = None
    honeypot: Source | None = None
    public: StrictBool = False
    per_minute: PerMinute = 60
    per_minute_and_address: PerMinute = 10
    success_url: Url | None = None
    active: StrictBool = True

    @field_validator("success_url")
    @classmethod
    def _web(cls, url: str | None) -> str | None:
        if url is not None and not re.match(r"https?://[^\s\x00-\x1f]+\Z", url):
            raise ValueError("This is no web address.")
        return url


class NewForm(_Settings):
    partner_id: Id
    project_id: Id
    name: Name
    mapping: dict[Target, Source] = Field(min_length=1, max_length=100)


class FormChange(_Settings):
    """Only what is sent changes."""

    name: Name = ""
    project_id: Id = ""
    mapping: dict[Target, Source] = Field(default_factory=dict[str, str], min_length=1, max_length=100)


class Form(BaseModel):
    """Posts go to `/v1/forms/{id}`."""

    id: str
    partner_id: str
    project_id: str
    contact_list_id: str | None
    name: str
    mapping: dict[str, str]
    constants: dict[str, str]
    keep_unmapped: bool
    consent_text: str | None
    honeypot: str | None
    public: bool
    per_minute: int
    per_minute_and_address: int
    success_url: str | None
    active: bool
    version: int
    created_at: datetime
    updated_at: datetime


Posted = dict[str, Any]
