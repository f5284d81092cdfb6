"""E4: calling hours on every clock where a number may be. Pure rules."""

from datetime import UTC, datetime, timedelta

import pytest
from assignment_svc.leads.where import place_of
from assignment_svc.queue.hours import CallingRule, Place, calling_week
from assignment_svc.queue.statutory import CAUTIOUS, COUNTRIES, US_STATES, statutory_week
from assignment_svc.queue.windows import Week, answer_at, next_open, open_at, same_every_day
from hypothesis import given
from hypothesis import strategies as st

HELSINKI = ("Europe/Helsinki",)
COASTS = ("America/Los_Angeles", "America/New_York")
STATUTORY = CallingRule("statutory")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_e4_hours_are_read_on_the_leads_clock():
    week = same_every_day("09:00", "18:00")
    assert not open_at(week, HELSINKI, utc("2026-01-14T06:59"))
    assert open_at(week, HELSINKI, utc("2026-01-14T07:00"))
    assert open_at(week, HELSINKI, utc("2026-01-14T15:59"))
    assert not open_at(week, HELSINKI, utc("2026-01-14T16:00"))
    assert open_at(week, HELSINKI, utc("2026-07-14T06:00")), "summer time"


def test_e4_every_zone_must_agree_and_an_unknown_one_means_no():
    week = same_every_day("09:00", "18:00")
    assert open_at(week, COASTS, utc("2026-01-14T18:00"))
    assert not open_at(week, COASTS, utc("2026-01-14T15:00")), "seven in the morning in California"
    assert not open_at(week, COASTS, utc("2026-01-15T00:00")), "seven in the evening in New York"
    assert not open_at(week, (), utc("2026-01-14T18:00"))
    assert next_open(week, (), utc("2026-01-14T18:00")) is None
    assert next_open(week, COASTS, utc("2026-01-14T15:00")) == utc("2026-01-14T17:00")


def test_e4_a_number_that_may_be_anywhere_is_never_called_when_no_hour_suits_all():
    zones = ("Asia/Kamchatka", "Europe/Moscow", "Europe/Bucharest")
    assert next_open(same_every_day("09:00", "17:00"), zones, utc("2026-01-14T12:00")) is None


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-28T20:00", "2026-03-29T06:00"),  # clocks go forward in the night: nine o'clock comes an hour sooner
        ("2026-10-24T20:00", "2026-10-25T07:00"),  # and back: an hour later
    ],
)
def test_e4_across_a_change_of_clocks(now: str, expected: str):
    assert next_open(same_every_day("09:00", "18:00"), HELSINKI, utc(now)) == utc(expected)


def test_e4_a_window_in_the_hour_that_does_not_exist_opens_nowhere():
    week = same_every_day("02:00", "03:00")
    new_york = ("America/New_York",)
    assert not any(open_at(week, new_york, utc("2026-03-08T06:00") + timedelta(minutes=m)) for m in range(180))
    assert open_at(week, new_york, utc("2026-03-09T06:30"))


def test_e4_a_window_in_the_hour_that_comes_twice_is_open_both_times():
    week = same_every_day("01:00", "02:00")
    opened = [
        m for m in range(240) if open_at(week, ("America/New_York",), utc("2026-11-01T04:00") + timedelta(minutes=m))
    ]
    assert opened == list(range(60, 180))


def test_e4_a_window_over_midnight():
    week = same_every_day("22:00", "02:00", (5,))
    assert week.allows(4, 23 * 60)
    assert week.allows(5, 60)
    assert not week.allows(5, 23 * 60)
    assert not week.allows(4, 60)


WEEKS = st.sampled_from([*COUNTRIES.values(), *US_STATES.values(), CAUTIOUS, same_every_day("02:15", "02:50")])
ZONES = st.lists(
    st.sampled_from(
        ["Europe/Helsinki", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca"]
    ),
    min_size=1,
    max_size=3,
    unique=True,
)
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001


@given(WEEKS, ZONES, INSTANTS, st.floats(0, 0.999))
def test_e4_an_answer_holds_as_long_as_it_says(week: Week, zones: list[str], now: datetime, part: float):
    answer = answer_at(week, zones, now)
    assert now < answer.until <= now + timedelta(minutes=15)
    assert open_at(week, zones, now + (answer.until - now) * part) is answer.open


@given(WEEKS, ZONES, INSTANTS)
def test_e4_the_next_opening_is_open_and_nothing_before_it(week: Week, zones: list[str], now: datetime):
    opening = next_open(week, zones, now)
    moment = now
    for _ in range(700):
        answer = answer_at(week, zones, moment)
        if answer.open:
            assert opening is not None
            assert opening <= moment
            assert open_at(week, zones, opening)
            return
        assert opening is None or opening > moment
        moment = answer.until


def test_e4_statutory_hours_of_the_countries_and_states():
    """Wednesday noon and half past eight in the evening; Sunday noon."""

    def told(country: str, region: str = "") -> tuple[bool, bool, bool]:
        week = statutory_week(country, region)
        return week.allows(2, 720), week.allows(2, 1230), week.allows(6, 720)

    assert told("US", "TX") == (True, True, True)
    assert told("US", "FL") == (True, False, True)
    assert told("US", "AL") == (True, False, False)
    assert told("US", "CO") == (True, True, True), "no stricter rule: federal hours"
    assert told("US") == (True, False, False), "no state known: what every state allows"
    assert told("GB") == (True, True, False)
    assert told("DE") == (True, False, False)
    assert told("FI") == (True, False, False)
    assert told("SE") == (True, False, False)
    assert told("FR") == (True, False, False)
    assert told("ZZ") == told("") == (True, False, False)


def test_e4_a_projects_hours_only_narrow_the_statutory_ones():
    finland = Place("FI", "", HELSINKI)
    custom = CallingRule("custom", "07:00", "12:00", (1, 2, 7))
    assert calling_week(custom, finland).days == (((540, 720),), ((540, 720),), (), (), (), (), ())
    assert calling_week(STATUTORY, finland) == COUNTRIES["FI"]
    assert calling_week(CallingRule("unheard-of"), finland) == COUNTRIES["FI"]
    assert calling_week(CallingRule("always"), finland).allows(6, 3)


def test_e4_where_a_number_may_be():
    assert place_of("+358401234567", None, None) == Place("FI", "", ("Europe/Helsinki", "Europe/Mariehamn"))
    assert place_of("+14155550123", None, {"state": "tx"}) == Place("US", "TX", ("America/Los_Angeles",))
    assert len(place_of("+18005551234", "US", None).zones) > 20
    assert place_of(None, "FI", None) == Place("FI", "", ())
    assert place_of("+999123", None, None) == Place("", "", ())
    assert place_of("not a number", "SE", {"state": 7}) == Place("SE", "", ())
