"""Bodies and answers of `/v1/email-recipients`."""

from datetime import datetime, time
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, Field, PlainSerializer
from servicekit.http import Input, Patch

from notify_svc.sending.addresses import Address
from notify_svc.shapes import PageQuery


def _known(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (ValueError, KeyError, OSError):
        raise ValueError("The time zone is not known.") from None
    return zone


def _of_the_wall(clock: time) -> time:
    if clock.tzinfo is not None:
        raise ValueError("The time is one of the recipient's wall clock, without an offset.")
    return clock


TimeZone = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_+/-]+$"), AfterValidator(_known)]
Clock = Annotated[
    time,
    Field(description="`HH:MM` on the recipient's wall clock"),
    AfterValidator(_of_the_wall),
    PlainSerializer(lambda value: value.strftime("%H:%M"), return_type=str),
]
Mode = Literal["immediate", "hourly", "daily"]


class NewRecipient(Input):
    """`digest` goes before what a partner or rule says; null leaves it to them."""

    address: Address
    time_zone: TimeZone = "UTC"
    quiet_from: Clock | None = None
    quiet_until: Clock | None = None
    digest: Mode | None = None
    digest_at: Clock = time(7)


class RecipientPatch(Patch):
    time_zone: TimeZone = "UTC"
    quiet_from: Clock | None = None
    quiet_until: Clock | None = None
    digest: Mode | None = None
    digest_at: Clock = time(7)


class RecipientSearch(PageQuery):
    address: str | None = Field(default=None, max_length=320)


class Recipient(BaseModel):
    id: str
    address: str
    time_zone: str
    quiet_from: Clock | None
    quiet_until: Clock | None
    digest: Mode | None
    digest_at: Clock
    version: int
    changed_by: str | None
    created_at: datetime
    changed_at: datetime


def shape(row: Any) -> Recipient:
    return Recipient.model_validate(dict(row))
