"""A3.10: calls that were promised."""

from datetime import UTC, datetime, timedelta
from typing import Any

from assignment_svc.callbacks.store import find_due
from assignment_svc.testing import AGENT, PROJECT, CallCentre, lead_ref
from contracts.events.assignment import CallbackDueV1, CallbackScheduledV1
from contracts.events.values import CallingHours
from httpx2 import Response
from messaging.sight import EVERYTHING, seeing


def _at(**later: float) -> str:
    return (datetime.now(UTC) + timedelta(**later)).isoformat()


async def _promise(centre: CallCentre, agent_id: str = AGENT, **body: Any) -> dict[str, Any]:
    lead_id, token = await centre.claimed(agent_id)
    wanted = {"at": _at(hours=2), **body}
    headers = centre.as_agent(agent_id, token=token)
    answer = await centre.service.http.post(f"/v1/work-items/{lead_id}/callback", json=wanted, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def _http(centre: CallCentre, method: str, path: str = "", agent_id: str = AGENT, **options: Any) -> Response:
    headers = {**centre.as_agent(agent_id), **options.pop("headers", {})}
    return await centre.service.http.request(method, f"/v1/callbacks{path}", headers=headers, **options)


async def _others(centre: CallCentre) -> None:
    await centre.agent("usr_other")
    await centre.tick(AGENT, "usr_other")


async def test_a3_10_a_private_callback_is_its_agents_next_lead_before_any_other(centre: CallCentre):
    await _others(centre)
    await centre.lead("lead_1")
    promised = await _promise(centre, note="after lunch")
    assert (promised["status"], promised["private"], promised["time_zone"]) == ("scheduled", True, "Europe/Helsinki")
    await centre.lead("lead_2", priority="high")
    await centre.pass_time(hours=1)
    assert await centre.state_of() == "callback"
    await centre.pass_time(minutes=61)
    with seeing(EVERYTHING):
        async with centre.service.db.unit_of_work() as work:
            looked_at = [await find_due(work, agent_id, None) for agent_id in (AGENT, "usr_other")]
    assert [len(due) for due in looked_at] == [1, 0], "of those that a claim looks at none is somebody else's"
    assert (await centre.claimed("usr_other"))[0] == "lead_2", "it is private"
    assert (await centre.claim("usr_other")).status_code == 204
    await centre.lead("lead_3", priority="high")
    lead_id, token = await centre.claimed()
    assert lead_id == "lead_1"
    assert (await centre.step("lead_1", "attempts", token, outcome="interested")).status_code == 201
    assert (await _http(centre, "GET")).json()["data"] == []
    events = await centre.service.published(CallbackScheduledV1, CallbackDueV1)
    assert [type(event) for event in events] == [CallbackScheduledV1, CallbackDueV1]
    assert await centre.told() == [
        "lead.queued 1",
        "lead.claimed 2",
        "callback.scheduled 3",
        "callback.due 4",
        "lead.claimed 5",
        "attempt.logged 6",
    ]
    assert (await centre.item())["attempts"] == 0, "a promise is no put-back"


async def test_a3_10_a_public_callback_goes_to_whoever_asks_first_and_before_other_leads(centre: CallCentre):
    await _others(centre)
    await centre.lead("lead_1")
    await _promise(centre, private=False)
    await centre.lead("lead_2", priority="high")
    await centre.pass_time(hours=3)
    assert (await centre.claimed("usr_other"))[0] == "lead_1"


async def test_a3_10_an_overdue_private_callback_becomes_public_after_the_setting(centre: CallCentre):
    await _others(centre)
    await centre.rules(callback_public_after_minutes=30)
    await centre.lead("lead_1")
    await _promise(centre)
    await centre.pass_time(minutes=121)
    assert (await centre.claim("usr_other")).status_code == 204
    await centre.pass_time(minutes=31)
    assert (await centre.claimed("usr_other"))[0] == "lead_1"


async def test_a3_10_callbacks_of_somebody_who_left_are_everybodys(centre: CallCentre):
    await _others(centre)
    await centre.lead("lead_1")
    await _promise(centre)
    await centre.pass_time(minutes=121)
    await centre.agent(active=False)
    await centre.fire()
    assert (await centre.claimed("usr_other"))[0] == "lead_1"


async def test_a3_10_a_due_callback_waits_for_legal_hours_and_other_rules(centre: CallCentre):
    await centre.lead("lead_1")
    await _promise(centre)
    await centre.pass_time(minutes=121)
    soon = datetime.now(UTC) + timedelta(hours=14)
    await centre.project(calling_hours=CallingHours(mode="custom", from_=f"{soon:%H}:00", until=f"{soon:%H}:01"))
    assert (await centre.claim()).status_code == 204
    headers = centre.service.headers("supervisor")
    path = f"/v1/work-items/lead_1/eligibility?agent_id={AGENT}"
    why = (await centre.service.http.get(path, headers=headers)).json()
    assert [one["code"] for one in why["failing"]] == ["E4"]
    await centre.project(state="passive")
    assert (await centre.claim()).status_code == 204
    await centre.project()
    assert (await centre.claimed())[0] == "lead_1"


async def test_a3_10_promises_that_may_not_be_called_now_hide_no_other(centre: CallCentre):
    await centre.project("prj_2")
    await centre.tick(project_id="prj_2")
    for number in range(1, 23):
        lead_id = f"lead_{number}"
        await centre.lead(lead_id, lead=lead_ref(lead_id, "prj_2" if number == 22 else PROJECT))
        await _promise(centre)
    await centre.pass_time(minutes=121)
    await centre.project(state="passive")
    assert (await centre.claimed())[0] == "lead_22"
    assert (await centre.claim()).status_code == 204


async def test_a3_10_a_callback_can_be_moved_made_public_and_called_off(centre: CallCentre):
    await centre.lead("lead_1")
    callback = await _promise(centre)
    path = f"/{callback['id']}"
    stale = await _http(centre, "PATCH", path, json={"private": False}, headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    moved = await _http(centre, "PATCH", path, json={"at": _at(hours=5)}, headers={"If-Match": '"1"'})
    assert (moved.status_code, moved.json()["version"], moved.json()["status"]) == (200, 2, "scheduled")
    await centre.pass_time(hours=3)
    assert await centre.state_of() == "callback", "the first time is no longer meant"
    assert (await _http(centre, "GET")).json()["data"][0]["status"] == "scheduled"
    assert (await _http(centre, "DELETE", path)).status_code == 204
    assert await centre.state_of() == "queued"
    assert (await _http(centre, "DELETE", path)).status_code == 404
    assert (await centre.claimed())[0] == "lead_1"


async def test_a3_10_agents_see_their_own_callbacks_and_supervisors_all(centre: CallCentre):
    await _others(centre)
    for number in range(3):
        await centre.lead(f"lead_{number}")
        await _promise(centre, at=_at(hours=number + 1))
    mine = (await _http(centre, "GET", "?limit=2")).json()
    assert mine["has_more"] is True
    rest = (await _http(centre, "GET", f"?limit=2&cursor={mine['next_cursor']}")).json()
    assert [one["lead_id"] for one in mine["data"] + rest["data"]] == ["lead_0", "lead_1", "lead_2"]
    assert (await _http(centre, "GET", agent_id="usr_other")).json()["data"] == []
    foreign = await _http(centre, "GET", f"/{mine['data'][0]['id']}", "usr_other")
    unknown = await _http(centre, "GET", "/cbk_unknown", "usr_other")
    assert (foreign.status_code, foreign.json()["detail"]) == (unknown.status_code, unknown.json()["detail"])
    boss = await centre.service.http.get("/v1/callbacks", headers=centre.service.headers("supervisor"))
    assert len(boss.json()["data"]) == 3


async def test_a3_10_the_lock_is_needed_and_the_note_of_a_lost_one_is_kept(centre: CallCentre):
    await centre.lead("lead_1")
    await centre.claimed()
    refused = await centre.step("lead_1", "callback", "999", at=_at(hours=1), note="call the wife")
    assert (refused.status_code, refused.json()["code"]) == (423, "lock-lost")
    draft = await centre.service.http.get("/v1/work-items/lead_1/draft", headers=centre.as_agent())
    assert draft.json()["note"] == "call the wife"
