"""A3.11: leads given by a rule; A2.6: when they are available."""

from datetime import UTC, datetime, timedelta
from functools import partial

from assignment_svc.testing import CallCentre, lead_ref
from contracts.events.assignment import AlarmRaisedV1, LeadAssignedV1
from contracts.events.values import Account, Consent

THREE = ("usr_a", "usr_b", "usr_c")


async def _three(centre: CallCentre) -> None:
    for agent_id in THREE:
        await centre.agent(agent_id)
    await centre.tick(*THREE)


async def _loads(centre: CallCentre) -> dict[str, int]:
    rows = await centre.service.db.pool.fetch(
        "SELECT agent_id, count(*) FROM work_items WHERE state = 'claimed' GROUP BY 1"
    )
    return {row[0]: row[1] for row in rows}


async def _leads(centre: CallCentre, count: int, prefix: str = "lead") -> None:
    for number in range(count):
        await centre.lead(f"{prefix}_{number}")


async def test_a3_11_round_robin_gives_each_in_turn_and_nobody_pulls(centre: CallCentre):
    await _three(centre)
    await centre.rules(mode="round_robin")
    await _leads(centre, 4)
    assert (await centre.claim("usr_a")).status_code == 204
    await centre.fire()
    first = await _loads(centre)
    assert sorted(first.values()) == [1, 1, 2]
    await _leads(centre, 2, "more")
    await centre.fire()
    assert set((await _loads(centre)).values()) == {2}, "the turn goes on where it was"
    events = await centre.service.published(LeadAssignedV1)
    assert {event.via for event in events if isinstance(event, LeadAssignedV1)} == {"rule"}
    why = await centre.service.http.get(
        "/v1/work-items/lead_0/eligibility?agent_id=usr_a", headers=centre.service.headers("supervisor")
    )
    assert "by a rule" in " ".join(one["detail"] for one in why.json()["failing"])


async def test_a3_11_least_loaded_evens_out_and_caps_hold(centre: CallCentre):
    await _three(centre)
    await centre.project("prj_2")
    await centre.tick("usr_a", project_id="prj_2")
    await _leads(centre, 0)
    for number in range(3):
        await centre.lead(f"other_{number}", lead=lead_ref(f"other_{number}", "prj_2"))
        await centre.claimed("usr_a", "prj_2")
    await centre.rules(mode="least_loaded", claims_per_agent=2)
    await _leads(centre, 3)
    await centre.fire()
    assert await _loads(centre) == {"usr_a": 3, "usr_b": 2, "usr_c": 1}
    await _leads(centre, 9, "more")
    await centre.pass_time(seconds=3)
    loads = await _loads(centre)
    assert loads == {"usr_a": 5, "usr_b": 2, "usr_c": 2}, "two of the campaign each"


async def test_a3_11_nobody_inactive_offline_or_off_campaign_receives_and_an_alarm_says_why(centre: CallCentre):
    await _three(centre)
    await centre.rules(mode="round_robin")
    await centre.agent("usr_a", active=False)
    await centre.tick("usr_a", "usr_b")
    await centre.service.db.pool.execute("UPDATE agents SET seen_at = now() - interval '1 hour'")
    await _leads(centre, 2)
    await centre.fire()
    assert await _loads(centre) == {}
    (alarm,) = await centre.service.published(AlarmRaisedV1)
    assert isinstance(alarm, AlarmRaisedV1)
    assert (alarm.alarm, alarm.key) == ("lead-unassignable", "prj_1")
    assert alarm.detail.endswith("none of the 2 agents of the campaign can take one: 1 not active, 1 offline.")
    await centre.pass_time(fire=False, seconds=3)
    await centre.fire()
    assert len(await centre.service.published(AlarmRaisedV1)) == 1, "the same trouble is told once"
    await centre.pass_time(seconds=3)
    assert await _loads(centre) == {"usr_b": 2}, "somebody came online"


async def test_a3_11_a_rule_gives_nothing_that_a_claim_would_refuse(centre: CallCentre):
    await _three(centre)
    await centre.rules(mode="round_robin")
    await centre.project(state="passive")
    await _leads(centre, 2)
    await centre.fire()
    assert await _loads(centre) == {}
    await centre.project()
    await centre.fire()
    assert sum((await _loads(centre)).values()) == 2


async def _kept_for(centre: CallCentre, agent_id: str, *lead_ids: str) -> None:
    for lead_id in lead_ids:
        await centre.lead(lead_id, priority="high", account=Account(external_id=agent_id, name=agent_id))
    path = "campaigns/prj_1/target-group"
    answer = await centre.write("POST", path, {"agent_id": agent_id, "contact_ids": lead_ids})
    assert answer.json()["accounts"] == 1, answer.text


async def test_a3_11_leads_that_nobody_can_take_now_hide_none_that_somebody_can(centre: CallCentre):
    """Kept for somebody who is offline, kept for somebody who is full, without the consent that is demanded."""
    await _three(centre)
    await centre.rules(mode="round_robin", claims_per_agent=4)
    await centre.project(checks={"consent": "reject"})
    consent = Consent(text="Yes.", given_at=datetime.now(UTC))
    centre_lead, centre.lead = centre.lead, partial(centre.lead, consent=consent)  # type: ignore[method-assign]
    await _kept_for(centre, "usr_a", *(f"offline_{number}" for number in range(12)))
    await _kept_for(centre, "usr_b", *(f"full_{number}" for number in range(12)))
    await centre.service.db.pool.execute("UPDATE agents SET seen_at = NULL WHERE agent_id = 'usr_a'")
    for number in range(30):
        await centre_lead(f"nothing_{number}", priority="high")
    await _leads(centre, 6)
    await centre.fire()
    assert await _loads(centre) == {"usr_b": 4, "usr_c": 4}
    given = await centre.service.db.pool.fetch("SELECT lead_id FROM work_items WHERE state = 'claimed'")
    assert sum(row["lead_id"].startswith("full_") for row in given) == 4
    assert sum(row["lead_id"].startswith("lead_") for row in given) == 4


async def test_a3_11_the_alarm_says_that_what_waits_is_kept_for_somebody(centre: CallCentre):
    await _three(centre)
    await centre.rules(mode="round_robin")
    await _kept_for(centre, "usr_a", "lead_1", "lead_2")
    await centre.service.db.pool.execute("UPDATE agents SET seen_at = NULL WHERE agent_id = 'usr_a'")
    await centre.fire()
    (alarm,) = await centre.service.published(AlarmRaisedV1)
    assert isinstance(alarm, AlarmRaisedV1)
    assert alarm.detail.startswith(
        "2 leads wait (each kept for the agent who is responsible), and none of the 3 agents"
    )
    assert "1 offline" in alarm.detail


async def test_a2_6_leads_are_available_from_until_in_their_own_time(centre: CallCentre):
    now = datetime.now(UTC) + timedelta(hours=3)
    shut = {
        "available_from": f"{now + timedelta(hours=9):%H}:00",
        "available_until": f"{now + timedelta(hours=10):%H}:00",
    }
    headers = centre.service.headers("supervisor")
    await centre.lead()
    answer = await centre.service.http.put("/v1/queue/defaults", json=shut, headers=headers)
    assert (answer.status_code, answer.json()["own"]) == (200, True)
    assert (await centre.claim()).status_code == 204
    await centre.project("prj_2")
    seen = await centre.service.http.get("/v1/campaigns/prj_2/rules", headers=headers)
    assert (seen.json()["own"], seen.json()["available_from"]) == (False, shut["available_from"])
    path = "/v1/work-items/lead_1/eligibility?agent_id=usr_agent"
    assert [one["code"] for one in (await centre.service.http.get(path, headers=headers)).json()["failing"]] == ["E4"]
    await centre.rules()
    assert (await centre.claim()).status_code == 204, "a campaign that says nothing is as the centre says"
    await centre.rules(available_from="00:00", available_until="24:00")
    assert (await centre.claim()).status_code == 200, "a campaign's own rules come before the centre's"


async def test_rules_are_for_supervisors_and_are_not_overwritten_unseen(centre: CallCentre):
    path = "/v1/campaigns/prj_1/rules"
    assert (await centre.service.http.put(path, json={}, headers=centre.as_agent())).status_code == 403
    assert (await centre.service.http.get(path, headers=centre.as_agent())).status_code == 403
    headers = centre.service.headers("supervisor")
    unknown = await centre.service.http.put("/v1/campaigns/prj_x/rules", json={}, headers=headers)
    assert unknown.status_code == 404
    first = await centre.rules(mode="least_loaded")
    stale = await centre.service.http.put(path, json={}, headers={**headers, "If-Match": '"0"'})
    assert (stale.status_code, first.headers["ETag"]) == (412, '"1"')
    wrong = await centre.service.http.put(
        path, json={"speed_target_minutes": 5, "speed_warning_minutes": 5}, headers=headers
    )
    assert wrong.status_code == 422
