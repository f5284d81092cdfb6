"""Periods of time, and with which rollups they are covered: pure rules. Days and hours are those of a zone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal

Grain = Literal["minute", "hour", "day"]
GRAINS: tuple[Grain, ...] = ("minute", "hour", "day")
BEGINNING = datetime(1970, 1, 2, tzinfo=UTC)
END = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Part:
    """The buckets of `grain` that begin in [since, until)."""

    grain: Grain
    since: datetime
    until: datetime


def floor_to(at: datetime, grain: Grain, zone: tzinfo = UTC) -> datetime:
    """The beginning of the bucket that holds the moment, in UTC.

    An hour that comes twice is two buckets, and one in which clocks are changed by less than an hour (Lord Howe) is cut
    in two there; zones differ from UTC by whole minutes (since 1972).
    """
    local = at.astimezone(zone)
    match grain:
        case "minute":
            return at.astimezone(UTC).replace(second=0, microsecond=0)
        case "hour":
            into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
            floor = at.astimezone(UTC) - into
            unchanged = floor.astimezone(zone).utcoffset() == local.utcoffset()
            return floor if unchanged else _change_after(floor, local.utcoffset(), zone)
        case "day":
            return _midnight(local)


def ceil_to(at: datetime, grain: Grain, zone: tzinfo = UTC) -> datetime:
    floor = floor_to(at, grain, zone)
    if floor == at:
        return floor
    match grain:
        case "minute":
            return floor + timedelta(minutes=1)
        case "hour":
            ceiling = floor_to(floor + timedelta(hours=1), "hour", zone)
            while (earlier := floor_to(ceiling - timedelta(minutes=1), "hour", zone)) > floor:
                ceiling = earlier
            return ceiling
        case "day":
            return _midnight(floor.astimezone(zone) + timedelta(days=1))


def _change_after(at: datetime, offset: timedelta | None, zone: tzinfo) -> datetime:
    """The first minute after `at`, within the hour, at which clocks have the offset."""
    minutes = (at + timedelta(minutes=n) for n in range(1, 61))
    return next(minute for minute in minutes if minute.astimezone(zone).utcoffset() == offset)


def _midnight(local: datetime) -> datetime:
    """When the day of a local time begins; where clocks skip midnight, at the first moment of the day."""
    return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)


def cover(since: datetime, until: datetime, zone: tzinfo = UTC) -> list[Part]:
    """Disjoint parts that make up the whole minutes around [since, until): whole days, and at the edges hours and
    minutes. At most 118 minutes and 48 hours are read, however long the period is.
    """
    whole = floor_to(since, "minute"), ceil_to(until, "minute")
    return _cover(*whole, ("day", "hour", "minute"), zone)


def cover_hours(since: datetime, until: datetime, zone: tzinfo = UTC) -> list[Part]:
    """The same of the whole hours around [since, until)."""
    return _cover(floor_to(since, "hour", zone), ceil_to(until, "hour", zone), ("day", "hour"), zone)


def _cover(since: datetime, until: datetime, grains: tuple[Grain, ...], zone: tzinfo) -> list[Part]:
    grain, *finer = grains
    if not finer:
        return [Part(grain, since, until)] if since < until else []
    whole_since, whole_until = ceil_to(since, grain, zone), floor_to(until, grain, zone)
    if whole_since >= whole_until:
        return _cover(since, until, tuple(finer), zone)
    before = _cover(since, whole_since, tuple(finer), zone)
    after = _cover(whole_until, until, tuple(finer), zone)
    return [*before, Part(grain, whole_since, whole_until), *after]
