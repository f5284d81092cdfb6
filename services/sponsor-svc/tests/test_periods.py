"""S0.12: per minute, hour and day, at the same cost however long the period is."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sponsor_svc.statistics.periods import BEGINNING, END, Grain, Part, ceil_to, cover, floor_to

moments = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 -- Hypothesis adds the zone
    max_value=datetime(2031, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-8))]),
)
zones = st.sampled_from([UTC, *map(ZoneInfo, ("Europe/Helsinki", "Asia/Kathmandu", "Australia/Lord_Howe"))])
# Clocks change by an hour; by half an hour; at midnight, which is skipped, or comes after an hour that comes twice.
CHANGING = ("Europe/Helsinki", "America/St_Johns", "Australia/Lord_Howe", "America/Santiago", "Africa/Cairo")
MINUTE = timedelta(minutes=1)


def changes_of(zone: tzinfo) -> list[datetime]:
    """The minutes of 2026 at which the zone's clocks are changed."""
    minutes = (datetime(2026, 1, 1, tzinfo=UTC) + n * timedelta(minutes=30) for n in range(48 * 365))
    return [at for at in minutes if (at - MINUTE).astimezone(zone).utcoffset() != at.astimezone(zone).utcoffset()]


@pytest.mark.parametrize("name", CHANGING)
@pytest.mark.parametrize("grain", ["hour", "day"])
def test_s0_12_where_clocks_change_buckets_follow_one_another(name: str, grain: Grain):
    """Each minute is in one bucket, which begins where it says, and ends where the next one begins."""
    zone = ZoneInfo(name)
    changes = changes_of(zone)
    assert len(changes) == 2
    for change in changes:
        minutes = [change + n * MINUTE for n in range(-1_500, 1_500)]
        floors = [floor_to(minute, grain, zone) for minute in minutes]
        assert floors == sorted(floors)
        for minute, floor in zip(minutes, floors, strict=True):
            assert floor <= minute
            assert floor_to(floor, grain, zone) == floor
        begins = sorted({floor for floor in floors if floor >= minutes[0]})
        assert [ceil_to(begin + MINUTE, grain, zone) for begin in begins[:-1]] == begins[1:]
        assert {begin.astimezone(zone).strftime("%M") for begin in begins if begin != change} == {"00"}


@settings(max_examples=60)
@given(st.sampled_from(CHANGING), st.booleans(), st.integers(-3_000, 3_000), st.integers(1, 3_000))
def test_s0_12_where_clocks_change_each_minute_of_a_period_is_read_once(name: str, first: bool, begins: int, long: int):
    """As rows are: whatever happened in a minute is in the row of its bucket, and rows are read by where they begin."""
    zone = ZoneInfo(name)
    since = changes_of(zone)[0 if first else 1] + begins * MINUTE
    until = since + long * MINUTE
    parts = cover(since, until, zone)
    for n in range(-200, long + 200, 7):
        minute = since + n * MINUTE
        read = [part for part in parts if part.since <= floor_to(minute, part.grain, zone) < part.until]
        assert len(read) == (since <= minute < until), (minute, read)


@given(moments, moments, zones)
def test_s0_12_the_parts_are_the_whole_minutes_around_the_period_each_once(
    one: datetime, other: datetime, zone: tzinfo
):
    since, until = sorted([one, other])
    parts = cover(since, until, zone)
    assert all(part.since < part.until for part in parts)
    assert [part.since for part in parts[1:]] == [part.until for part in parts[:-1]]
    if parts:
        assert (parts[0].since, parts[-1].until) == (floor_to(since, "minute"), ceil_to(until, "minute"))
    else:
        assert floor_to(since, "minute") == ceil_to(until, "minute")
    for part in parts:
        assert floor_to(part.since, part.grain, zone) == part.since
        assert floor_to(part.until, part.grain, zone) == part.until


@given(moments, st.sampled_from(["minute", "hour", "day"]), zones)
def test_s0_12_the_next_bucket_begins_where_the_last_one_ends(at: datetime, grain: Grain, zone: tzinfo):
    floor, ceiling = floor_to(at, grain, zone), ceil_to(at, grain, zone)
    assert floor <= at <= ceiling
    assert floor_to(ceiling, grain, zone) == ceiling
    if at != floor:
        assert floor_to(ceiling - timedelta(seconds=1), grain, zone) == floor


@given(moments, moments, zones)
def test_s0_12_only_the_edges_are_read_in_hours_and_minutes(one: datetime, other: datetime, zone: tzinfo):
    since, until = sorted([one, other])
    read = {"minute": timedelta(), "hour": timedelta(), "day": timedelta()}
    for part in cover(since, until, zone):
        read[part.grain] += part.until - part.since
    assert read["minute"] <= timedelta(minutes=118)
    assert read["hour"] <= timedelta(hours=48)


def test_s0_12_all_the_time_is_whole_days():
    assert cover(BEGINNING, END) == [Part("day", BEGINNING, END)]
    parts = cover(BEGINNING, END, ZoneInfo("Europe/Helsinki"))
    assert [part.grain for part in parts] == ["hour", "day", "hour"]
