"""Periods of time, and with which rollups they are covered: pure rules. Days are UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

Grain = Literal["minute", "hour", "day"]
GRAINS: tuple[Grain, ...] = ("minute", "hour", "day")
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime(9000, 1, 1, tzinfo=UTC)
_STEP: dict[Grain, timedelta] = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}


@dataclass(frozen=True, slots=True)
class Part:
    """The buckets of `grain` that begin in [since, until)."""

    grain: Grain
    since: datetime
    until: datetime


def floor_to(at: datetime, grain: Grain) -> datetime:
    """The beginning of the bucket that holds the moment."""
    utc = at.astimezone(UTC)
    match grain:
        case "minute":
            return utc.replace(second=0, microsecond=0)
        case "hour":
            return utc.replace(minute=0, second=0, microsecond=0)
        case "day":
            return utc.replace(hour=0, minute=0, second=0, microsecond=0)


def ceil_to(at: datetime, grain: Grain) -> datetime:
    floor = floor_to(at, grain)
    return floor if floor == at else floor + _STEP[grain]


def cover(since: datetime, until: datetime) -> list[Part]:
    """Disjoint parts that make up the whole minutes around [since, until): whole days, and at the edges hours and
    minutes. At most 118 minutes and 46 hours are read, however long the period is.
    """
    return _cover(floor_to(since, "minute"), ceil_to(until, "minute"), ("day", "hour", "minute"))


def cover_hours(since: datetime, until: datetime) -> list[Part]:
    """The same of the whole hours around [since, until)."""
    return _cover(floor_to(since, "hour"), ceil_to(until, "hour"), ("day", "hour"))


def _cover(since: datetime, until: datetime, grains: tuple[Grain, ...]) -> list[Part]:
    grain, *finer = grains
    if not finer:
        return [Part(grain, since, until)] if since < until else []
    whole_since, whole_until = ceil_to(since, grain), floor_to(until, grain)
    if whole_since >= whole_until:
        return _cover(since, until, tuple(finer))
    edges = (_cover(since, whole_since, tuple(finer)), _cover(whole_until, until, tuple(finer)))
    return [*edges[0], Part(grain, whole_since, whole_until), *edges[1]]
