"""A3.13: the speed-to-lead clock, as a rule of its own."""

from datetime import UTC, datetime, timedelta

from assignment_svc.queue.statutory import statutory_week
from assignment_svc.queue.windows import same_every_day
from assignment_svc.speed.rules import elapsed, reached_at
from hypothesis import given, settings
from hypothesis import strategies as st

OFFICE = same_every_day("09:00", "17:00", (1, 2, 3, 4, 5))
HELSINKI = ["Europe/Helsinki"]


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    """In March 2026, UTC; the clocks of Helsinki go forward on the 29th."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def test_a3_13_the_clock_stops_outside_legal_hours():
    friday_evening = _at(6, 14, 50)  # 16:50 in Helsinki
    assert elapsed(OFFICE, HELSINKI, friday_evening, _at(9, 7, 5)) == timedelta(minutes=15)
    assert reached_at(OFFICE, HELSINKI, friday_evening, timedelta(minutes=15)) == _at(9, 7, 5)
    assert reached_at(OFFICE, HELSINKI, friday_evening, timedelta(minutes=5)) == _at(6, 14, 55)


def test_a3_13_the_clock_knows_daylight_saving():
    before, after = _at(27, 12), _at(30, 12)
    assert elapsed(OFFICE, HELSINKI, before, after) == timedelta(hours=3) + timedelta(hours=6)
    assert reached_at(OFFICE, HELSINKI, before, timedelta(hours=3, minutes=1)) == _at(30, 6, 1)


def test_a3_13_a_number_that_may_never_be_called_has_no_due_time():
    assert reached_at(OFFICE, [], _at(1, 1), timedelta(minutes=5)) is None
    assert elapsed(OFFICE, [], _at(1, 1), _at(2, 1)) == timedelta(0)


@settings(deadline=None, max_examples=50)
@given(
    st.datetimes(datetime(2026, 3, 20), datetime(2026, 4, 5), timezones=st.just(UTC)),  # noqa: DTZ001
    st.integers(1, 3000),
    st.sampled_from([["Europe/Helsinki"], ["America/New_York", "America/Los_Angeles"], ["Europe/Berlin"]]),
)
def test_a3_13_the_two_readings_of_the_clock_agree(start: datetime, minutes: int, zones: list[str]):
    week = statutory_week("US" if "America" in zones[0] else "DE", "")
    due = reached_at(week, zones, start, timedelta(minutes=minutes))
    assert due is not None
    assert elapsed(week, zones, start, due) == timedelta(minutes=minutes)
