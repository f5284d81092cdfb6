"""E4: what the law says, on every clock that a number may live by, on holidays and when clocks change."""

from datetime import UTC, date, datetime

import pytest
from assignment_svc.queue.holidays import easter, is_holiday
from assignment_svc.queue.hours import CallingRule, Place, always_callable, calling_week, hours_text
from assignment_svc.queue.statutory import COUNTRIES, US_STATES, statutory_week
from assignment_svc.queue.windows import next_open, open_at
from assignment_svc.testing import CallCentre
from contracts.events.intake import PartnerChangedV1
from contracts.events.values import CallingHours

STATUTORY = CallingRule("statutory")


def _local(country: str, zone: str, local: str, region: str = "") -> bool:
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    instant = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return open_at(statutory_week(country, region), [zone], instant)


def test_e4_the_named_countries_are_in_the_table():
    assert {"FI", "GB", "DE", "SE", "FR", "NO"} <= COUNTRIES.keys()
    assert {"FL", "TX", "WA", "OK", "MD", "AL", "LA", "UT"} <= US_STATES.keys()


@pytest.mark.parametrize(
    ("country", "region", "zone", "local", "allowed"),
    [
        ("US", "CA", "America/Los_Angeles", "2026-03-04T20:59", True),
        ("US", "CA", "America/Los_Angeles", "2026-03-04T21:00", False),
        ("US", "FL", "America/New_York", "2026-03-04T20:00", False),
        ("US", "", "America/New_York", "2026-03-04T08:30", False),
        ("US", "TX", "America/Chicago", "2026-03-08T11:59", False),
        ("US", "AL", "America/Chicago", "2026-07-03T12:00", False),
        ("US", "CA", "America/Los_Angeles", "2026-07-04T12:00", True),
        ("FI", "", "Europe/Helsinki", "2026-06-19T12:00", False),
        ("FI", "", "Europe/Helsinki", "2026-06-18T12:00", True),
        ("SE", "", "Europe/Stockholm", "2026-06-06T12:00", False),
        ("DE", "", "Europe/Berlin", "2026-10-03T12:00", False),
        ("DE", "", "Europe/Berlin", "2026-10-05T12:00", True),
        ("GB", "", "Europe/London", "2026-08-31T12:00", False),
        ("NO", "", "Europe/Oslo", "2026-04-02T12:00", False),
        ("FR", "", "Europe/Paris", "2026-05-14T11:00", False),
        ("FR", "", "Europe/Paris", "2026-05-13T13:30", False),
        ("FR", "", "Europe/Paris", "2026-05-13T09:59", False),
        ("FR", "", "Europe/Paris", "2026-05-13T12:59", True),
        ("FR", "", "Europe/Paris", "2026-05-13T19:59", True),
        ("FR", "", "Europe/Paris", "2026-05-13T20:00", False),
        ("FR", "", "Europe/Paris", "2026-05-16T11:00", False),
        ("RE", "", "Indian/Reunion", "2026-05-13T09:30", False),
        ("GP", "", "America/Guadeloupe", "2026-05-13T13:30", False),
        ("MQ", "", "America/Martinique", "2026-05-13T19:00", True),
        ("SJ", "", "Arctic/Longyearbyen", "2026-04-02T12:00", False),
        ("AX", "", "Europe/Mariehamn", "2026-06-19T12:00", False),
        ("XX", "", "Europe/Paris", "2026-05-16T12:00", False),
    ],
)
def test_e4_hours_and_holidays(country: str, region: str, zone: str, local: str, allowed: bool):
    assert _local(country, zone, local, region) is allowed


def test_easter_is_where_the_church_has_it():
    known = {1999: (4, 4), 2000: (4, 23), 2024: (3, 31), 2025: (4, 20), 2026: (4, 5), 2038: (4, 25), 2285: (3, 22)}
    assert {year: (easter(year).month, easter(year).day) for year in known} == known
    assert is_holiday("US", date(2026, 11, 26))
    assert is_holiday("US", date(2027, 12, 31)), "New Year's Day of 2028 is a Saturday"


@pytest.mark.parametrize(
    ("calendar", "day"),
    [
        ("GB", "2026-12-28"),  # the 26th is a Saturday
        ("GB", "2027-12-27"),  # Saturday and Sunday
        ("GB", "2027-12-28"),
        ("GB", "2028-01-03"),
        ("AU", "2026-12-28"),
        ("AU", "2030-01-28"),  # the 26th is a Saturday
    ],
)
def test_e4_a_holiday_on_a_weekend_is_kept_on_the_next_working_day_too(calendar: str, day: str):
    moved = date.fromisoformat(day)
    assert is_holiday(calendar, moved)
    assert not is_holiday(calendar, moved.replace(day=moved.day + 3))


def test_e4_the_next_opening_lies_behind_the_holidays():
    christmas = datetime(2026, 12, 24, 8, tzinfo=UTC)
    opens = next_open(statutory_week("FI", ""), ["Europe/Helsinki"], christmas)
    assert opens == datetime(2026, 12, 28, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        ("Europe/Helsinki", datetime(2026, 3, 27, 7, tzinfo=UTC), datetime(2026, 3, 30, 6, tzinfo=UTC)),
        ("Europe/Helsinki", datetime(2026, 10, 23, 6, tzinfo=UTC), datetime(2026, 10, 26, 7, tzinfo=UTC)),
    ],
)
def test_e4_nine_o_clock_is_nine_o_clock_before_and_after_the_clocks_change(
    zone: str, before: datetime, after: datetime
):
    week = statutory_week("FI", "")
    for nine in (before, after):
        assert open_at(week, [zone], nine)
        assert not open_at(week, [zone], nine.replace(hour=nine.hour - 1, minute=59))


def test_e4_every_zone_that_a_number_may_be_in_must_allow_it():
    zones = ["America/New_York", "America/Los_Angeles", "Pacific/Honolulu"]
    morning = datetime(2026, 3, 4, 15, tzinfo=UTC)
    assert open_at(statutory_week("US", "NY"), zones[:1], morning)
    assert not open_at(statutory_week("US", "NY"), zones, morning)


def test_e4_partner_hours_narrow_even_a_project_that_may_always_call():
    hours = hours_text("10:00", "12:00", [1, 2])
    place = Place("FI", "", ("Europe/Helsinki",), hours)
    always = CallingRule("always")
    assert always_callable(always, Place("FI", "", ()))
    assert not always_callable(always, place)
    monday_eleven = datetime(2026, 3, 2, 9, tzinfo=UTC)
    for rule in (always, STATUTORY):
        assert open_at(calling_week(rule, place), place.zones, monday_eleven)
        assert not open_at(calling_week(rule, place), place.zones, monday_eleven.replace(hour=11))
        assert not open_at(calling_week(rule, place), place.zones, monday_eleven.replace(day=4))
    assert hours_text(None, None, None) == ""


async def _partner(centre: CallCentre, version: int, hours: CallingHours | None) -> None:
    await centre.service.deliver(PartnerChangedV1(partner_id="ptr_1", name="P", calling_hours=hours), version)


async def test_e4_partner_hours_hold_for_leads_that_are_there_and_that_come(centre: CallCentre):
    hour = (datetime.now(UTC).hour + 3 + 10) % 24
    shut = CallingHours(mode="custom", from_=f"{hour:02d}:00", until=f"{hour:02d}:01")
    await centre.lead("lead_1")
    await _partner(centre, 1, shut)
    await centre.lead("lead_2")
    assert (await centre.claim()).status_code == 204
    path = "/v1/work-items/lead_1/eligibility?agent_id=usr_agent"
    why = await centre.service.http.get(path, headers=centre.service.headers("supervisor"))
    assert [one["code"] for one in why.json()["failing"]] == ["E4"]
    await _partner(centre, 3, None)
    await _partner(centre, 2, shut)
    assert {(await centre.claimed())[0] for _ in range(2)} == {"lead_1", "lead_2"}
