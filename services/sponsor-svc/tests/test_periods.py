"""S0.12: per minute, hour and day, at the same cost however long the period is."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from sponsor_svc.statistics.periods import BEGINNING, END, Grain, Part, ceil_to, cover, floor_to

moments = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 -- Hypothesis adds the zone
    max_value=datetime(2031, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-8))]),
)
zones = st.sampled_from([UTC, *map(ZoneInfo, ("Europe/Helsinki", "Asia/Kathmandu", "Australia/Lord_Howe"))])


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
