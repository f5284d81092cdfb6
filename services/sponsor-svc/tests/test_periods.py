"""S0.12: per minute, hour and day, at the same cost however long the period is."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st
from sponsor_svc.statistics.periods import BEGINNING, END, Part, ceil_to, cover, floor_to

moments = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 -- Hypothesis adds the zone
    max_value=datetime(2031, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-8))]),
)


@given(moments, moments)
def test_s0_12_the_parts_are_the_whole_minutes_around_the_period_each_once(one: datetime, other: datetime):
    since, until = sorted([one, other])
    parts = cover(since, until)
    assert all(part.since < part.until for part in parts)
    assert [part.since for part in parts[1:]] == [part.until for part in parts[:-1]]
    if parts:
        assert (parts[0].since, parts[-1].until) == (floor_to(since, "minute"), ceil_to(until, "minute"))
    else:
        assert floor_to(since, "minute") == ceil_to(until, "minute")
    for part in parts:
        assert floor_to(part.since, part.grain) == part.since
        assert floor_to(part.until, part.grain) == part.until


@given(moments, moments)
def test_s0_12_only_the_edges_are_read_in_hours_and_minutes(one: datetime, other: datetime):
    since, until = sorted([one, other])
    read = {"minute": timedelta(), "hour": timedelta(), "day": timedelta()}
    for part in cover(since, until):
        read[part.grain] += part.until - part.since
    assert read["minute"] <= timedelta(minutes=118)
    assert read["hour"] <= timedelta(hours=46)


def test_s0_12_all_the_time_is_whole_days():
    assert cover(BEGINNING, END) == [Part("day", BEGINNING, END)]
