"""A3.13: the speed-to-lead clock."""

from datetime import UTC, datetime, timedelta

from assignment_svc.queue.statutory import statutory_week
from assignment_svc.queue.windows import same_every_day
from assignment_svc.speed.rules import elapsed, reached_at
from assignment_svc.testing import CallCentre
from contracts.events.assignment import AlarmRaisedV1
from contracts.events.values import CallingHours
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


async def test_a3_13_the_alarm_comes_before_the_target_is_missed_and_once(centre: CallCentre):
    await centre.rules(speed_target_minutes=10, speed_warning_minutes=3)
    await centre.lead("lead_1")
    await centre.lead("lead_2")
    await centre.fire()
    lead_id, token = await centre.claimed()
    await centre.step(lead_id, "attempts", token, outcome="busy")
    await centre.pass_time(minutes=6)
    assert await centre.service.published(AlarmRaisedV1) == []
    await centre.pass_time(minutes=2)
    (alarm,) = await centre.service.published(AlarmRaisedV1)
    assert isinstance(alarm, AlarmRaisedV1)
    other = "lead_1" if lead_id == "lead_2" else "lead_2"
    assert (alarm.alarm, alarm.lead_id, alarm.project_id) == ("speed-to-lead", other, "prj_1")
    await centre.pass_time(hours=1)
    assert len(await centre.service.published(AlarmRaisedV1)) == 1
    headers = centre.service.headers("supervisor")
    clock = (await centre.service.http.get(f"/v1/work-items/{other}/clock", headers=headers)).json()
    assert (clock["running"], clock["missed"], clock["target_seconds"]) == (True, True, 600)
    called = (await centre.service.http.get(f"/v1/work-items/{lead_id}/clock", headers=headers)).json()
    assert (called["running"], called["missed"]) == (False, False)


async def test_a3_13_no_alarm_while_nobody_may_call(centre: CallCentre):
    opens = datetime.now(UTC) + timedelta(hours=14)
    shut = CallingHours(mode="custom", from_=f"{opens:%H}:00", until=f"{opens + timedelta(hours=1):%H}:00")
    await centre.project(calling_hours=shut)
    await centre.rules(speed_target_minutes=10)
    await centre.lead()
    await centre.fire()
    await centre.pass_time(minutes=30)
    assert await centre.service.published(AlarmRaisedV1) == []
    clock = await centre.service.http.get("/v1/work-items/lead_1/clock", headers=centre.service.headers("supervisor"))
    assert (clock.json()["running"], clock.json()["elapsed_seconds"]) == (False, 0)
