"""Days on which the law, or where there is none the industry's code, lets nobody be called. Pure.

As of 2025-11, for the calendars that `statutory` names. Where a holiday is moved off a weekend (United States, England,
Australia) both days count.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache
from typing import Final


def is_holiday(calendar: str, day: date) -> bool:
    return day in _days(calendar, day.year)


@cache
def _days(calendar: str, year: int) -> frozenset[date]:
    return frozenset(_CALENDARS[calendar](year))


def easter(year: int) -> date:
    """Of the Western churches: the anonymous Gregorian computus (Meeus, Astronomical Algorithms, ch. 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), f = divmod(b, 4), (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    rest = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * rest) // 451
    month, day = divmod(h + rest - 7 * m + 114, 31)
    return date(year, month, day + 1)


def _fixed(year: int, *days: tuple[int, int]) -> Iterator[date]:
    return (date(year, month, day) for month, day in days)


def _moved(year: int, *days: tuple[int, int]) -> Iterator[date]:
    """Such days, and the next working day for each that is on a weekend: Monday, or Tuesday where that is taken."""
    taken = set(_fixed(year, *days))
    yield from taken
    for day in sorted(taken):
        if day.weekday() >= 5:
            instead = next(
                later for n in range(1, 4) if (later := day + timedelta(days=n)) not in taken and later.weekday() < 5
            )
            taken.add(instead)
            yield instead


def _around_easter(year: int, *after: int) -> Iterator[date]:
    return (easter(year) + timedelta(days=days) for days in after)


def _weekday(year: int, month: int, weekday: int, nth: int) -> date:
    """The n-th such weekday (Monday is 0) of the month; -1 is the last."""
    if nth < 0:
        last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _saturday(year: int, month: int, day: int) -> date:
    """The first Saturday from that day on."""
    from_day = date(year, month, day)
    return from_day + timedelta(days=(5 - from_day.weekday()) % 7)


def _united_states(year: int) -> Iterator[date]:
    """5 U.S.C. 6103: the holidays that the states' own statutes name as legal holidays, too."""
    for day in _fixed(year, (1, 1), (6, 19), (7, 4), (11, 11), (12, 25)):
        yield day
        if day.weekday() >= 5:
            yield day + timedelta(days=-1 if day.weekday() == 5 else 1)
    if date(year + 1, 1, 1).weekday() == 5:
        yield date(year, 12, 31)
    yield from (_weekday(year, 1, 0, 3), _weekday(year, 2, 0, 3), _weekday(year, 5, 0, -1), _weekday(year, 9, 0, 1))
    yield from (_weekday(year, 10, 0, 2), _weekday(year, 11, 3, 4))


def _germany(year: int) -> Iterator[date]:
    """The nine of all states, and those that only some have: a number does not tell the state for certain."""
    yield from _fixed(year, (1, 1), (5, 1), (10, 3), (12, 25), (12, 26))
    yield from _fixed(year, (1, 6), (8, 15), (10, 31), (11, 1))
    yield from _around_easter(year, -2, 1, 39, 50, 60)


def _finland(year: int) -> Iterator[date]:
    yield from _fixed(year, (1, 1), (1, 6), (5, 1), (12, 6), (12, 24), (12, 25), (12, 26))
    yield from _around_easter(year, -2, 1, 39)
    midsummer = _saturday(year, 6, 20)
    yield from (midsummer - timedelta(days=1), midsummer, _saturday(year, 10, 31))


def _sweden(year: int) -> Iterator[date]:
    yield from _fixed(year, (1, 1), (1, 6), (5, 1), (6, 6), (12, 24), (12, 25), (12, 26), (12, 31))
    yield from _around_easter(year, -2, 1, 39)
    midsummer = _saturday(year, 6, 20)
    yield from (midsummer - timedelta(days=1), midsummer, _saturday(year, 10, 31))


def _norway(year: int) -> Iterator[date]:
    yield from _fixed(year, (1, 1), (5, 1), (5, 17), (12, 25), (12, 26))
    yield from _around_easter(year, -3, -2, 1, 39, 50)


def _france(year: int) -> Iterator[date]:
    """Code du travail L3133-1, and Good Friday and 26 December of Alsace-Moselle."""
    yield from _fixed(year, (1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25), (12, 26))
    yield from _around_easter(year, -2, 1, 39, 50)


def _australia(year: int) -> Iterator[date]:
    """The national ones that the industry standard of 2017 names."""
    yield from _moved(year, (1, 1), (1, 26), (12, 25), (12, 26))
    yield from _fixed(year, (4, 25))
    yield from _around_easter(year, -2, 1)


def _england(year: int) -> Iterator[date]:
    """Bank holidays of England and Wales; the guide asks for Sunday manners, we keep away."""
    yield from _moved(year, (1, 1), (12, 25), (12, 26))
    yield from _around_easter(year, -2, 1)
    yield from (_weekday(year, 5, 0, 1), _weekday(year, 5, 0, -1), _weekday(year, 8, 0, -1))


_CALENDARS: Final[dict[str, Callable[[int], Iterator[date]]]] = {
    "AU": _australia,
    "DE": _germany,
    "FI": _finland,
    "FR": _france,
    "GB": _england,
    "NO": _norway,
    "SE": _sweden,
    "US": _united_states,
}
