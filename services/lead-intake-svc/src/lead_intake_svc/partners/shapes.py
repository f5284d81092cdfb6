"""Partner companies as they are sent and shown."""

from datetime import datetime
from typing import Annotated, Literal

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, ConfigDict, Field, StrictBool, StrictInt, StringConstraints, model_validator
from pydantic import BaseModel as Output
from servicekit.http import Input


def _email(value: str) -> str:
    try:
        return validate_email(value, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        raise ValueError("This is not an e-mail address.") from None


Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(max_length=4000)]
Short = Annotated[str, StringConstraints(max_length=100)]
Email = Annotated[str, StringConstraints(max_length=254), AfterValidator(_email)]
Emails = Annotated[list[Email], Field(max_length=20)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Location = Literal["pending", "queue"]
Priority = Literal["normal", "medium", "high"]
RETURN_REASONS = (
    "wrong number", "wrong person", "not reachable", "duplicate", "never asked", "outside the area",
    "rejected in validation", "other",
)  # fmt: skip

NotificationMode = Literal["immediate", "hourly", "daily"]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Weekday = Annotated[int, Field(ge=1, le=7, strict=True)]


class CallingHours(Input):
    """When the partner's leads may be called, in the lead's zone, inside what the law and the project allow; `days` are
    1 (Monday) to 7, without them every day.
    """

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True)

    from_: TimeOfDay = Field(alias="from")
    until: TimeOfDay
    days: Annotated[list[Weekday], Field(min_length=1, max_length=7)] | None = None

    @model_validator(mode="after")
    def _forwards(self) -> "CallingHours":
        if self.from_ >= self.until:
            raise ValueError("The hours must begin before they end.")
        if self.days is not None and len(set(self.days)) < len(self.days):
            raise ValueError("A day is there twice.")
        return self


class Money(Input):
    """At most 10^15 minor units, as in an order."""

    amount_minor: Annotated[StrictInt, Field(ge=0, le=10**15)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class _ReturnSettings(Input):
    """I2.13. `max_return_rate` is a percentage of the leads accepted in the last `return_rate_days`; None: no limit.

    `lead_price` is what a lead of the partner is worth when it is taken back.
    """

    return_reasons: Annotated[list[Reason], Field(min_length=1, max_length=50)] = Field(
        default_factory=lambda: list(RETURN_REASONS)
    )
    return_window_days: Annotated[StrictInt, Field(ge=0, le=365)] = 7
    return_answer_days: Annotated[StrictInt, Field(ge=1, le=90)] = 7
    return_on_no_answer: Literal["accept", "escalate"] = "accept"
    max_return_rate: Annotated[float, Field(ge=0, le=100, strict=True)] | None = None
    return_rate_days: Annotated[StrictInt, Field(ge=1, le=365)] = 30
    return_rate_action: Literal["warn", "block"] = "warn"
    lead_price: Money | None = None


class _OptionalFields(_ReturnSettings):
    phone: Short | None = None
    address: Text | None = None
    notes: Text | None = None
    sells_leads: StrictBool = False
    buys_leads: StrictBool = False
    default_location: Location = "queue"
    force_default_location: StrictBool = False
    priority: Priority = "normal"
    purchase_notification_emails: Emails = Field(default_factory=list[str])
    return_notification_emails: Emails = Field(default_factory=list[str])
    include_comments_with_return: StrictBool = False
    auto_response_template_id: Short | None = None
    purchase_notification_mode: NotificationMode = "immediate"
    sold_lead_emails: Emails = Field(default_factory=list[str])
    calling_hours: CallingHours | None = None
    is_test: StrictBool = False
    active: StrictBool = True


class NewPartner(_OptionalFields):
    name: Name
    contact_person: Name
    email: Email


class PartnerChange(_OptionalFields):
    """Only what is sent changes; `null` clears what may be empty."""

    name: Name = ""
    contact_person: Name = ""
    email: Email = ""


class Partner(Output):
    id: str
    name: str
    contact_person: str
    email: str
    phone: str | None
    address: str | None
    notes: str | None
    sells_leads: bool
    buys_leads: bool
    default_location: Location
    force_default_location: bool
    priority: Priority
    purchase_notification_emails: list[str]
    return_notification_emails: list[str]
    include_comments_with_return: bool
    auto_response_template_id: str | None
    purchase_notification_mode: NotificationMode
    sold_lead_emails: list[str]
    calling_hours: CallingHours | None
    return_reasons: list[str]
    return_window_days: int
    return_answer_days: int
    return_on_no_answer: Literal["accept", "escalate"]
    max_return_rate: float | None
    return_rate_days: int
    return_rate_action: Literal["warn", "block"]
    lead_price: Money | None
    is_test: bool
    active: bool
    internal: bool
    version: int
    created_at: datetime
    updated_at: datetime
