"""E9 and the give-back: who is there, and what becomes of the claims of those who are not."""

import pytest
from assignment_svc.testing import AGENT, CallCentre
from contracts.events.values import Order


async def _silence(centre: CallCentre, minutes: int) -> None:
    await centre.pass_time(fire=False, minutes=minutes)
    await centre.fire()


async def _seen(centre: CallCentre) -> None:
    answer = await centre.service.http.post("/v1/agents/me/heartbeat", headers=centre.as_agent())
    assert answer.status_code == 204
    await centre.service.db.pool.execute("UPDATE agents SET seen_at = now()")


async def test_e9_claims_of_somebody_who_is_offline_go_back_without_an_attempt(centre: CallCentre):
    await centre.lead()
    await centre.claimed()
    await _silence(centre, 9)
    assert await centre.state_of() == "claimed"
    await _silence(centre, 2)
    assert await centre.state_of() == "queued"
    assert (await centre.item())["attempts"] == 0
    assert (await centre.told())[-1] == "lead.unassigned 3"


async def test_e9_any_request_keeps_somebody_online(centre: CallCentre):
    await centre.lead()
    await centre.claimed()
    for _ in range(3):
        await _silence(centre, 8)
        await _seen(centre)
    assert await centre.state_of() == "claimed"
    await _silence(centre, 11)
    assert await centre.state_of() == "queued"


async def test_e9_a_claim_with_a_call_stays(centre: CallCentre):
    await centre.lead()
    _, token = await centre.claimed()
    await centre.step("lead_1", "attempts", token, outcome="busy")
    await _silence(centre, 11)
    assert await centre.state_of() == "claimed"


async def test_e9_what_was_given_by_hand_stays_overnight(centre: CallCentre):
    await centre.lead(order=Order(number="P1", status="partial"))
    assert (await centre.supervise("assignments", lead_id="lead_1", agent_id=AGENT)).status_code == 201
    await _silence(centre, 600)
    assert await centre.state_of() == "claimed"


async def test_e9_a_passive_project_watches_nobody(centre: CallCentre):
    await centre.lead()
    await centre.claimed()
    await centre.project(state="passive")
    await _silence(centre, 600)
    assert await centre.state_of() == "claimed"
    await centre.project()
    assert await centre.state_of() == "claimed"
    await _silence(centre, 11)
    assert await centre.state_of() == "queued"


@pytest.mark.parametrize("minutes", [1, 11])
async def test_e9_eligibility_tells_who_is_offline(centre: CallCentre, minutes: int):
    await centre.lead()
    await _silence(centre, minutes)
    path = f"/v1/work-items/lead_1/eligibility?agent_id={AGENT}"
    answer = (await centre.service.http.get(path, headers=centre.service.headers("supervisor"))).json()
    expected = [("E9", "The agent is offline.")] if minutes > 10 else []
    assert [(one["code"], one["detail"]) for one in answer["failing"]] == expected
    assert (await centre.claim()).status_code == 200, "who asks is there"
