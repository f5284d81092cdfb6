"""N5.8: quiet hours and digests as pure rules, over midnight and over changes of the clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notify_svc.digests.periods import next_due
from notify_svc.recipients.preferences import NO_PREFERENCES, Preferences, quiet_until

HELSINKI = ZoneInfo("Europe/Helsinki")


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HELSINKI).astimezone(UTC)


NIGHT = Preferences(time_zone="Europe/Helsinki", quiet_from=time(22), quiet_until=time(7))
NOON = Preferences(time_zone="Europe/Helsinki", quiet_from=time(11), quiet_until=time(12, 30))


@pytest.mark.parametrize(
    ("wishes", "now", "until"),
    [
        (NIGHT, "2026-03-02T21:59", None),
        (NIGHT, "2026-03-02T22:00", "2026-03-03T07:00"),
        (NIGHT, "2026-03-03T06:59", "2026-03-03T07:00"),
        (NIGHT, "2026-03-03T07:00", None),
        (NOON, "2026-03-02T12:00", "2026-03-02T12:30"),
        (NOON, "2026-03-02T12:30", None),
        (NIGHT, "2026-03-29T02:30", "2026-03-29T07:00"),  # clocks go forward at 3
        (NO_PREFERENCES, "2026-03-02T12:00", None),
    ],
)
def test_n5_8_quiet_hours_end_when_the_recipients_clock_says(wishes: Preferences, now: str, until: str | None):
    assert quiet_until(wishes, _at(now)) == (_at(until) if until else None)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("00:10", "00:30"),  # the first time that the clock shows 3:10
        ("00:40", None),
        ("01:10", "01:30"),  # and the second: not until tomorrow
        ("01:40", None),
    ],
)
def test_n5_8_where_clocks_are_set_back_a_quiet_hour_comes_twice_and_ends_twice(now: str, until: str | None):
    """From 4 to 3 in Helsinki on this day, at 01:00 UTC."""
    wishes = Preferences(time_zone="Europe/Helsinki", quiet_from=time(3), quiet_until=time(3, 30))
    day = "2026-10-25T{}+00:00"
    end = quiet_until(wishes, datetime.fromisoformat(day.format(now)))
    assert (end and f"{end.astimezone(UTC):%H:%M}") == until


@given(
    st.floats(1_735_689_600, 1_830_297_600).map(lambda at: datetime.fromtimestamp(at, UTC)),
    st.times(),
    st.times(),
    st.sampled_from(["UTC", "Europe/Helsinki", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]),
)
def test_n5_8_a_mail_waits_less_than_a_day_and_not_for_ever(now: datetime, begins: time, ends: time, zone: str):
    """However clocks are set: the end lies ahead, and after a few of them it is over."""
    wishes = Preferences(time_zone=zone, quiet_from=begins, quiet_until=ends)
    moment, waits = now, 0
    while (end := quiet_until(wishes, moment)) is not None:
        assert timedelta() < end - moment <= timedelta(hours=26)
        moment, waits = end, waits + 1
        assert waits <= 3


def test_n2_8_a_digest_is_due_at_the_full_hour_or_at_the_recipients_time():
    hourly = Preferences(digest="hourly")
    assert next_due(hourly, _at("2026-03-02T09:15")) == _at("2026-03-02T10:00")
    daily = Preferences(digest="daily", time_zone="Europe/Helsinki", digest_at=time(7, 30))
    assert next_due(daily, _at("2026-03-02T07:29")) == _at("2026-03-02T07:30")
    assert next_due(daily, _at("2026-03-02T07:30")) == _at("2026-03-03T07:30")
    assert next_due(daily, _at("2026-03-28T08:00")) == _at("2026-03-29T07:30")
