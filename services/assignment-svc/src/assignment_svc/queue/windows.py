"""When a number may be called: weekly hours read on every clock that the number may live by. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from assignment_svc.queue.holidays import is_holiday

DAY_MINUTES: Final = 24 * 60
# Clocks are put forward and back at full quarters of an hour UTC, everywhere: no answer is believed beyond the next.
_QUARTER: Final = timedelta(minutes=15)
# A weekday that is a holiday comes again a week later; of three in a row one is none.
_HORIZON_DAYS: Final = 22

Interval = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Week:
    """Per weekday (Monday first) the minutes of the day, from inclusive to exclusive, in which calling is allowed.

    On the days of `holidays`, calendars that `holidays.is_holiday` knows, it is not.
    """

    days: tuple[tuple[Interval, ...], ...]
    holidays: frozenset[str] = frozenset()

    def allows(self, weekday: int, minute: int) -> bool:
        return any(opens <= minute < closes for opens, closes in self.days[weekday])

    def rests(self, day: date) -> bool:
        return any(is_holiday(calendar, day) for calendar in self.holidays)

    def intersection(self, other: "Week") -> "Week":
        days = tuple(_common(mine, theirs) for mine, theirs in zip(self.days, other.days, strict=True))
        return Week(days, self.holidays | other.holidays)


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether calling is allowed, which holds until the instant `until`."""

    open: bool
    until: datetime


def _common(mine: Sequence[Interval], theirs: Sequence[Interval]) -> tuple[Interval, ...]:
    pairs = ((max(a, c), min(b, d)) for a, b in mine for c, d in theirs)
    return tuple((opens, closes) for opens, closes in pairs if opens < closes)


def same_every_day(opens: str, closes: str, days: Sequence[int] = (1, 2, 3, 4, 5, 6, 7)) -> Week:
    """`days` are 1 (Monday) to 7; a window that closes before it opens runs over midnight."""
    start, end = minutes_of(opens), minutes_of(closes) or DAY_MINUTES
    if start < end:
        return Week(tuple(((start, end),) if day in days else () for day in range(1, 8)))
    evening = dict.fromkeys(days, (start, DAY_MINUTES))
    morning = {day % 7 + 1: (0, end) for day in days}
    return Week(
        tuple(
            tuple(part[day] for part in (morning, evening) if day in part and part[day][0] < part[day][1])
            for day in range(1, 8)
        )
    )


def minutes_of(clock: str) -> int:
    """`HH:MM` as minutes of the day; `24:00` is the day's end."""
    hours, _, minutes = clock.partition(":")
    return (int(hours) * 60 + int(minutes)) % DAY_MINUTES


def open_at(week: Week, zones: Sequence[str], now: datetime) -> bool:
    """True only when every zone says so; without a zone nobody knows, which means no."""
    return bool(zones) and all(_local_allows(week, zone, now) for zone in zones)


def answer_at(week: Week, zones: Sequence[str], now: datetime) -> Answer:
    quarter = datetime.fromtimestamp((now.timestamp() // 900 + 1) * 900, UTC)
    return Answer(open_at(week, zones, now), min([quarter, *_next_boundaries(week, zones, now)]))


def next_open(week: Week, zones: Sequence[str], now: datetime) -> datetime | None:
    """The first instant from `now` on at which every zone allows it; None within three weeks: never, or unknown."""
    if open_at(week, zones, now):
        return now
    openings = sorted({instant for zone in zones for instant in _openings(week, zone, now)})
    return next((instant for instant in openings if open_at(week, zones, instant)), None)


def _local_allows(week: Week, zone: str, now: datetime) -> bool:
    local = now.astimezone(_zone(zone))
    return week.allows(local.weekday(), local.hour * 60 + local.minute) and not week.rests(local.date())


def _next_boundaries(week: Week, zones: Sequence[str], now: datetime) -> Iterator[datetime]:
    for zone in zones:
        local = now.astimezone(_zone(zone))
        minute = local.hour * 60 + local.minute
        edges = [edge for interval in week.days[local.weekday()] for edge in interval if edge > minute]
        if edges:
            yield _instant(local.date(), min(edges), zone)


def _openings(week: Week, zone: str, now: datetime) -> Iterator[datetime]:
    today = now.astimezone(_zone(zone)).date()
    for ahead in range(_HORIZON_DAYS):
        day = today + timedelta(days=ahead)
        for opens, _ in week.days[day.weekday()]:
            instant = _instant(day, opens, zone)
            if instant > now:
                yield instant


def _instant(day: date, minute: int, zone: str) -> datetime:
    days, rest = divmod(minute, DAY_MINUTES)
    local = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), _zone(zone))
    return local.astimezone(UTC)


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
