"""`GET /v1/partners/{id}/performance`: how a partner's leads do (I2.26). The leads themselves: `GET /v1/leads`."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from contracts.ids import lowest_id
from fastapi import APIRouter, Query
from lead_intake_svc.partners.store import find
from lead_intake_svc.portal import store
from lead_intake_svc.scope import Viewer, partners_of
from messaging.database import Database
from pydantic import AwareDatetime, BaseModel
from servicekit.http import router
from servicekit.problems import invalid, not_found

LONGEST = timedelta(days=400)
_EARLIEST = datetime(1970, 2, 1, tzinfo=UTC)
_COUNTS = (
    "received", "accepted", "rejected", "quarantined", "converted", "returns_open", "returned", "replacements",
    "billable",
)  # fmt: skip


class Figures(BaseModel):
    """Rates are shares of 1, None where there is nothing to divide by. `returned` are accepted returns; test leads do
    not count. `billable`: accepted, not returned, no replacement, and not marked otherwise.
    """

    received: int
    accepted: int
    rejected: int
    quarantined: int
    converted: int
    returns_open: int
    returned: int
    replacements: int
    billable: int
    acceptance_rate: float | None
    return_rate: float | None
    conversion_rate: float | None


class Period(Figures):
    at: datetime


class Performance(BaseModel):
    """By the time at which leads came in, in UTC."""

    partner_id: str
    as_of: datetime
    totals: Figures
    rejected_by_reason: dict[str, int]
    series: list[Period]


def portal_router(database: Database) -> APIRouter:
    routes = router(prefix="/v1/partners/{partner_id}/performance", tags=["partners"])

    @routes.get("")
    async def read_performance(  # noqa: PLR0913, PLR0917 -- each is a parameter of the query
        viewer: Viewer,
        partner_id: str,
        since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
        until: Annotated[AwareDatetime | None, Query(alias="to")] = None,
        by: Literal["day", "week", "month"] = "day",
        project_id: Annotated[str | None, Query(max_length=100)] = None,
    ) -> Performance:
        """The last 30 days unless asked otherwise; `from` inclusive, `to` exclusive."""
        if partners_of(viewer) not in {None, partner_id}:
            raise not_found()
        now = datetime.now(UTC)
        end = until or now + timedelta(minutes=1)
        start = since or max(end, _EARLIEST) - timedelta(days=30)
        if not timedelta(0) < end - start <= LONGEST:
            raise invalid(
                "span-invalid", f"The time must be longer than nothing and {LONGEST.days} days at most.", "?to"
            )
        span = (lowest_id("lead", start), lowest_id("lead", end))
        async with database.unit_of_work() as work:
            if await find(work, partner_id) is None:
                raise not_found()
            rows = [dict(row) for row in await store.figures(work, partner_id, span, by, project_id)]
            reasons = await store.reasons(work, partner_id, span, project_id)
        totals: dict[str, Any] = {name: sum(row[name] for row in rows) for name in _COUNTS}
        return Performance(
            partner_id=partner_id,
            as_of=now,
            totals=Figures(**totals | _rates(totals)),
            rejected_by_reason=reasons,
            series=[Period(**row | _rates(row)) for row in rows],
        )

    return routes


def _rates(counts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "acceptance_rate": _share(counts["accepted"], counts["received"]),
        "return_rate": _share(counts["returned"], counts["accepted"]),
        "conversion_rate": _share(counts["converted"], counts["accepted"]),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
