"""A lead as a partner sends it. The vocabulary of api.md, strictly; what the checks judge is not judged here."""

from ipaddress import ip_address
from socket import AF_INET, inet_pton
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, Field, StrictBool, StrictInt, StringConstraints
from servicekit.http import Input


def _ip(value: str) -> str:
    try:
        inet_pton(AF_INET, value)  # nearly all, and in a tenth of the time
    except (OSError, ValueError):
        pass
    else:
        return value
    try:
        return str(ip_address(value))
    except ValueError:
        raise ValueError("This is not an IP address.") from None


def _plain_size(value: dict[str, Any]) -> dict[str, Any]:
    if len(value) > 100 or max(map(len, value), default=0) > 100:
        raise ValueError("There may be 100 fields at most, with names of 100 characters at most.")
    return value


Id = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Short = Annotated[str, StringConstraints(max_length=100)]
Line = Annotated[str, StringConstraints(max_length=300)]
Text = Annotated[str, StringConstraints(max_length=4000)]
Url = Annotated[str, StringConstraints(max_length=2000)]
Free = Annotated[dict[str, Any], AfterValidator(_plain_size)]
# 10^15 minor units is more than any order, and an amount times a quantity still fits in 64 bits.
MAX_MINOR = 10**15


class MoneyInput(Input):
    amount_minor: Annotated[StrictInt, Field(ge=-MAX_MINOR, le=MAX_MINOR)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class OrderItemInput(Input):
    product_code: Id
    quantity: Annotated[StrictInt, Field(ge=1, le=1_000_000)]
    unit_price: MoneyInput


class OrderInput(Input):
    number: Id
    status: Literal["partial", "completed"]
    items: Annotated[list[OrderItemInput], Field(max_length=200)] = Field(default_factory=list[OrderItemInput])
    total: MoneyInput | None = None


class AccountInput(Input):
    external_id: Id
    name: Line | None = None
    fields: Free = Field(default_factory=dict[str, Any])


class ConsentInput(Input):
    given_at: AwareDatetime
    text: Text | None = None
    ip: Annotated[str, StringConstraints(max_length=45), AfterValidator(_ip)] | None = None
    source_url: Url | None = None
    certificate_url: Url | None = None


class LeadInput(Input):
    external_id: Id
    project_id: Id
    contact_list_id: Id | None = None
    first_name: Short | None = None
    last_name: Short | None = None
    phone: Short | None = None
    email: Line | None = None
    location: Literal["pending", "queue"] | None = None
    address: Free | None = None
    account: AccountInput | None = None
    consent: ConsentInput | None = None
    comments: Text | None = None
    contact_time: Line | None = None
    custom: Free = Field(default_factory=dict[str, Any])
    order: OrderInput | None = None
    replacement_for: Id | None = None
    test: StrictBool = False
