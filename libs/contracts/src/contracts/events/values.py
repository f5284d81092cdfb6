"""Values that several contexts' events carry."""

from datetime import datetime
from typing import Annotated, Any

import msgspec

Moment = Annotated[datetime, msgspec.Meta(tz=True)]  # one without an offset is refused: nobody could place it in time


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an event."""


class LeadRef(Value, frozen=True, kw_only=True):
    """A lead and what it is counted under. `sponsor_id` is the project's sponsor when the lead came in."""

    lead_id: str
    partner_id: str
    project_id: str
    sponsor_id: str | None = None
    contact_list_id: str | None = None
    test: bool = False


class Person(Value, frozen=True, kw_only=True):
    """`phone` is E.164, `email` normalised; either may be missing, never both."""

    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    email: str | None = None
    address: dict[str, Any] | None = None


class MaskedIdentity(Value, frozen=True, kw_only=True):
    """A phone number or an e-mail address that only its holders recognise (`contracts.masking`). `country` and the
    number of `digits` are those of a phone number.
    """

    digest: str
    salt: str
    country: str = ""
    digits: int | None = None


class Account(Value, frozen=True, kw_only=True):
    external_id: str
    name: str | None = None
    fields: dict[str, Any] = {}


class Money(Value, frozen=True, kw_only=True):
    amount_minor: int
    currency: str


class OrderItem(Value, frozen=True, kw_only=True):
    product_code: str
    quantity: int
    unit_price: Money


class Order(Value, frozen=True, kw_only=True):
    """`status` is `partial` or `completed`."""

    number: str
    status: str
    items: list[OrderItem] = []
    total: Money | None = None


class Consent(Value, frozen=True, kw_only=True):
    given_at: Moment
    text: str | None = None
    ip: str | None = None
    source_url: str | None = None
    certificate_url: str | None = None


class Problem(Value, frozen=True, kw_only=True):
    """What an automatic check had to say; `level` is `warn`, `quarantine` or `reject`."""

    code: str
    level: str
    field: str | None = None
    detail: str = ""


class CallingHours(Value, frozen=True, kw_only=True, rename={"from_": "from"}):
    """`mode` is `statutory`, `custom` or `always`; `days` are 1 (Monday) to 7.

    `from` and `until` are `HH:MM` in the lead's zone.
    """

    mode: str = "statutory"
    from_: str | None = None
    until: str | None = None
    days: list[int] | None = None
