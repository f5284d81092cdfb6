"""N5.9: alarms to operators, each once in a period."""

import asyncio
from datetime import timedelta
from typing import Any

from contracts.event import EVENT_TYPES
from contracts.events import assignment, intake
from contracts.events.identity import UserCreatedV1
from contracts.events.notify import AlarmRaisedV1
from notify_svc.alarms.watch import look
from servicekit.testing import ServiceUnderTest

HOUR = timedelta(hours=1)


def _stale(key: str = "national") -> intake.AlarmRaisedV1:
    return intake.AlarmRaisedV1(alarm="suppression-list-stale", key=key, detail="The list is 40 days old.")


async def _operator(service: ServiceUnderTest) -> None:
    await service.deliver(
        UserCreatedV1(user_id="usr_o", email="ops@c.example", name="O", access_level="admin", active=True)
    )


async def test_n5_9_operators_are_told_of_an_alarm_once_in_a_period(service: ServiceUnderTest, mailer: Any, sink: Any):
    await _operator(service)
    await asyncio.gather(*(service.deliver(_stale()) for _ in range(5)))
    await service.deliver(_stale("other"))
    await service.deliver(
        assignment.AlarmRaisedV1(alarm="speed-to-lead", key="prj_1", detail="Late.", project_id="prj_1")
    )
    await mailer.settle(mailer.sender(sink.port))
    assert sorted(str(mail.message["Subject"]) for mail in sink.mails) == [
        "Alarm: speed-to-lead prj_1",
        "Alarm: suppression-list-stale national",
        "Alarm: suppression-list-stale other",
    ]
    await service.db.pool.execute("UPDATE alarms SET told_at = told_at - interval '2 hours'")
    await service.deliver(_stale())
    assert len(await mailer.rows()) == 4
    listed = (await service.http.get("/v1/alarms", headers=service.headers("supervisor"))).json()["data"]
    assert next((row["alarm"], row["key"], row["times"]) for row in listed) == ("suppression-list-stale", "national", 6)
    assert {row["source"] for row in listed} == {"intake", "assignment"}
    chosen = await service.http.get("/v1/alarms", params={"alarm": "speed-to-lead"}, headers=service.headers())
    assert [row["project_id"] for row in chosen.json()["data"]] == ["prj_1"]


async def test_n5_9_pages_of_alarms_show_each_once(service: ServiceUnderTest):
    for number in range(5):
        await service.deliver(_stale(str(number)))
    first = (await service.http.get("/v1/alarms", params={"limit": 2}, headers=service.headers())).json()
    params = {"cursor": first["next_cursor"]}
    rest = (await service.http.get("/v1/alarms", params=params, headers=service.headers())).json()
    assert [row["key"] for row in first["data"] + rest["data"]] == ["4", "3", "2", "1", "0"]


async def test_n5_9_failing_and_stuck_mails_raise_alarms_once_in_a_period(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    def refuse(address: str) -> str | None:
        return "552 5.2.2 full" if address.endswith("bad.example") else None

    sink.on_rcpt = refuse
    await service.deliver(make_partner(1, *(f"{n}@bad.example" for n in range(6)), "one@good.example"))
    await service.deliver(make_lead())
    await mailer.settle(mailer.sender(sink.port))
    await service.deliver(make_lead(2))
    late = "UPDATE emails SET next_attempt_at = now() - interval '1 hour' WHERE state = 'queued'"
    await service.db.pool.execute(late)
    await look(service.db, HOUR)
    alarms = [event for event in await service.published() if isinstance(event, AlarmRaisedV1)]
    assert sorted((alarm.alarm, alarm.key) for alarm in alarms) == [
        ("mails-failing", "bad.example"),
        ("mails-stuck", "notify-svc"),
    ]
    for alarm in alarms:
        await service.deliver(alarm)
    await look(service.db, HOUR)
    assert len(await service.published(AlarmRaisedV1)) == 2


async def test_n5_9_the_built_in_rule_hears_the_alarms_of_every_service(service: ServiceUnderTest):
    answer = await service.http.get("/v1/notification-rules/rul_alarm", headers=service.headers())
    alarms = {event_type for event_type in EVENT_TYPES if event_type.endswith(".alarm.raised.v1")}
    assert len(alarms) == 6
    assert set(answer.json()["event_types"]) == alarms
