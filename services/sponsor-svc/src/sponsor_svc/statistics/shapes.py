"""Queries and answers of `/v1/statistics`."""

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, Field
from servicekit.http import Input

from sponsor_svc.names import EntityId
from sponsor_svc.statistics.periods import Grain


class StatisticsFilter(Input):
    """Of everything, a sponsor, or one project, contact list, product, partner or agent. `from` and `to` count in
    whole minutes; without them, all the time. Of a product, what was received with it in its order, and converted.
    """

    sponsor_id: EntityId | None = None
    project_id: EntityId | None = None
    contact_list_id: EntityId | None = None
    product_id: EntityId | None = None
    partner_id: EntityId | None = None
    agent_id: EntityId | None = None
    from_: AwareDatetime | None = Field(default=None, alias="from")
    to: AwareDatetime | None = None


class StatisticsQuery(StatisticsFilter):
    by: Grain = "hour"


class Counts(BaseModel):
    received: int
    rejected: int
    quarantined: int
    held: int
    confirmed: int
    validation_rejected: int
    queued: int
    claimed: int
    attempts: int
    contacted: int
    resolved: int
    converted: int
    invalid: int
    returned: int
    replaced: int


class Point(Counts):
    """A bucket in which something happened; `at` is its beginning."""

    at: datetime


class LiveCounts(Counts):
    """What the stream pushes."""

    as_of: datetime


class MoneyOut(BaseModel):
    currency: str
    amount_minor: int


class SpeedToLead(BaseModel):
    """Seconds from receiving a lead to its first call, within 2 %, over the whole hours around the period; null
    without a call.
    """

    median_s: float | None
    p90_s: float | None


class StatisticsOut(BaseModel):
    """`series` holds the newest 1,500 buckets in which anything happened, oldest first."""

    as_of: datetime
    totals: Counts
    rejected_by_reason: dict[str, int]
    resolved_by_disposition: dict[str, int]
    converted_value: list[MoneyOut]
    speed_to_lead: SpeedToLead
    series: list[Point]
