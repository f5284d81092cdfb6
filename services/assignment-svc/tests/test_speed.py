"""A3.13: the alarm before a first call is late."""

from datetime import UTC, datetime, timedelta

from assignment_svc.testing import CallCentre
from contracts.events.assignment import AlarmRaisedV1
from contracts.events.values import CallingHours


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
