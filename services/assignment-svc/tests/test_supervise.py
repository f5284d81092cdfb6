"""What supervisors do: assign, take away, hand over, move, reopen; and what happens to claims by themselves."""

import pytest
from assignment_svc.testing import AGENT, CallCentre, lead_ref
from contracts.events.assignment import CampaignChangedV1, LeadAssignedV1, LeadReassignedV1, LeadUnassignedV1
from contracts.events.values import Order


async def _two_agents(centre: CallCentre) -> None:
    await centre.agent("usr_other")
    await centre.tick(AGENT, "usr_other")


async def test_a1_5_only_a_lead_whose_newest_order_is_partial_is_assigned(centre: CallCentre):
    await centre.lead("lead_none")
    await centre.lead("lead_done", order=Order(number="1", status="completed"))
    await centre.partial("lead_1")
    for lead_id in ("lead_none", "lead_done"):
        refused = await centre.supervise("assignments", lead_id=lead_id, agent_id=AGENT)
        assert (refused.status_code, refused.json()["code"]) == (422, "order-not-partial")
    answer = await centre.supervise("assignments", lead_id="lead_1", agent_id=AGENT)
    assert (answer.status_code, answer.json()["state"], answer.json()["agent_id"]) == (201, "claimed", AGENT)
    (event,) = await centre.service.published(LeadAssignedV1)
    assert isinstance(event, LeadAssignedV1)
    assert (event.via, event.actor, event.agent_id) == ("manual", "usr_boss", AGENT)
    taken = await centre.supervise("assignments", lead_id="lead_1", agent_id=AGENT)
    assert (taken.status_code, taken.json()["code"]) == (409, "already-assigned")
    assert (await centre.claimed())[0] != "lead_1"


async def test_a1_5_only_to_an_active_leads_agent(centre: CallCentre):
    await centre.partial()
    await centre.agent("usr_gone", active=False)
    await centre.agent("usr_boss", level="supervisor")
    for agent_id in ("usr_gone", "usr_boss", "usr_unknown"):
        refused = await centre.supervise("assignments", lead_id="lead_1", agent_id=agent_id)
        assert (refused.status_code, refused.json()["code"]) == (422, "agent-not-active")
    assert (await centre.supervise("assignments", lead_id="lead_x", agent_id=AGENT)).status_code == 404


async def test_a1_4_unassigned_leads_go_back_to_where_they_came_from(centre: CallCentre):
    await centre.partial("lead_1", location="pending")
    await centre.lead("lead_2")
    await centre.supervise("assignments", lead_id="lead_1", agent_id=AGENT)
    _, token = await centre.claimed()
    for lead_id, state in (("lead_1", "pending"), ("lead_2", "queued")):
        answer = await centre.supervise(f"work-items/{lead_id}/unassign")
        assert (answer.json()["state"], answer.json()["attempts"]) == (state, 0)
    assert (await centre.step("lead_2", "release", token)).status_code == 404, "no longer theirs"
    told = [e for e in await centre.service.published(LeadUnassignedV1) if isinstance(e, LeadUnassignedV1)]
    assert [(e.location, e.agent_id, e.actor) for e in told] == [
        ("pending", AGENT, "usr_boss"),
        ("queue", AGENT, "usr_boss"),
    ]
    assert (await centre.supervise("work-items/lead_2/unassign")).status_code == 409
    assert (await centre.claimed())[0] == "lead_2"


async def test_a_claim_is_handed_over(centre: CallCentre):
    await _two_agents(centre)
    await centre.lead()
    _, token = await centre.claimed()
    answer = await centre.supervise("work-items/lead_1/reassign", agent_id="usr_other")
    assert answer.json()["agent_id"] == "usr_other"
    (event,) = await centre.service.published(LeadReassignedV1)
    assert isinstance(event, LeadReassignedV1)
    assert (event.previous_agent_id, event.agent_id) == (AGENT, "usr_other")
    assert (await centre.step("lead_1", "release", token)).status_code == 404
    again = await centre.supervise("work-items/lead_1/reassign", agent_id="usr_other")
    assert again.json()["version"] == answer.json()["version"], "the same agent again changes nothing"
    counts = await centre.service.db.pool.fetch("SELECT agent_id, open_claims FROM agents ORDER BY agent_id")
    assert {row["agent_id"]: row["open_claims"] for row in counts} == {AGENT: 0, "usr_other": 1}


async def test_reopening_needs_a_closed_lead_and_a_reason(centre: CallCentre):
    await centre.lead()
    assert (await centre.supervise("work-items/lead_1/reopen", reason="r")).status_code == 409
    _, token = await centre.claimed()
    await centre.step("lead_1", "invalidate", token, reason="no such number")
    assert (await centre.supervise("work-items/lead_1/reopen")).status_code == 422
    answer = await centre.supervise("work-items/lead_1/reopen", reason="it is one")
    assert answer.json()["state"] == "queued"
    assert (await centre.claim()).status_code == 200


async def test_reopening_a_lead_that_was_suppressed_meanwhile_suppresses_it(centre: CallCentre):
    await centre.lead()
    _, token = await centre.claimed()
    await centre.step("lead_1", "invalidate", token, reason="r")
    await centre.suppress("email", "lead_1@example.fi")
    await centre.supervise("work-items/lead_1/reopen", reason="r")
    assert (await centre.item())["state"] == "suppressed"


async def test_a2_4_pending_leads_are_for_those_with_the_permission(centre: CallCentre):
    await centre.partial("lead_1", location="pending")
    http, permitted = centre.service.http, centre.as_agent(permissions=["queue.request", "leads.pending.read"])
    path = "/v1/work-items?state=pending"
    assert (await http.get(path, headers=centre.as_agent())).json()["data"] == []
    assert (await http.get("/v1/work-items/lead_1", headers=centre.as_agent())).status_code == 404
    assert (await http.post("/v1/work-items/lead_1/queue", headers=centre.as_agent())).status_code == 404
    assert (await centre.claim()).status_code == 204
    assert [row["lead_id"] for row in (await http.get(path, headers=permitted)).json()["data"]] == ["lead_1"]
    assert (await http.post("/v1/work-items/lead_1/queue", headers=permitted)).json()["state"] == "queued"
    assert await centre.told() == ["lead.pended 1", "lead.queued 2"]
    assert (await centre.supervise("work-items/lead_1/pend")).json()["state"] == "pending"
    body = {"lead_id": "lead_1", "agent_id": AGENT}
    assert (await http.post("/v1/assignments", json=body, headers=centre.as_agent())).status_code == 404
    assert (await http.post("/v1/assignments", json=body, headers=permitted)).status_code == 201


@pytest.mark.parametrize("release", [False, True])
async def test_a3_2_unticking_hides_the_campaign_and_may_release_claims(centre: CallCentre, release: bool):
    await centre.lead("lead_1")
    await centre.lead("lead_2")
    lead_id, token = await centre.claimed()
    await centre.tick("usr_other", release_claims=release)
    assert (await centre.claim()).status_code == 204
    assert (await centre.step(lead_id, "release", token)).status_code == (404 if release else 200)
    events = [e for e in await centre.service.published(CampaignChangedV1) if isinstance(e, CampaignChangedV1)]
    assert [e.agent_ids for e in events] == [[AGENT], ["usr_other"]]


async def test_a3_2_only_leads_agents_are_ticked_on_known_campaigns(centre: CallCentre):
    await centre.agent("usr_boss", level="supervisor")
    http, headers = centre.service.http, centre.service.headers("supervisor")
    refused = await http.put("/v1/campaigns/prj_1/agents", json={"agent_ids": ["usr_boss"]}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "not-an-agent")
    unknown = await http.put("/v1/campaigns/prj_unknown/agents", json={"agent_ids": []}, headers=headers)
    assert unknown.status_code == 404
    read = await http.get("/v1/campaigns/prj_1/agents", headers=headers)
    assert read.json() == {"project_id": "prj_1", "agent_ids": [AGENT]}


async def test_claims_of_a_deactivated_agent_go_back_without_an_attempt(centre: CallCentre):
    await centre.lead("lead_1")
    await centre.lead("lead_2")
    await centre.claimed()
    await centre.claimed()
    await centre.agent(active=False)
    for lead_id in ("lead_1", "lead_2"):
        item = await centre.item(lead_id)
        assert (item["state"], item["attempts"], item["lock"]) == ("queued", 0, None)
    await _two_agents(centre)
    assert (await centre.claim("usr_other")).status_code == 200
    assert await centre.service.db.pool.fetchval("SELECT open_claims FROM agents WHERE agent_id = $1", AGENT) == 0


@pytest.mark.parametrize("level", ["leads_agent", "call_centre", "sponsor", "partner"])
async def test_steps_of_supervisors_are_refused_to_others(centre: CallCentre, level: str):
    await centre.partial()
    await centre.claimed()
    headers = centre.service.headers(level, user_id=AGENT, sponsor_id="spo_1", partner_id="ptr_1")
    for path, body in {
        "work-items/lead_1/unassign": {},
        "work-items/lead_1/reassign": {"agent_id": AGENT},
        "work-items/lead_1/reopen": {"reason": "r"},
        "work-items/lead_1/pend": {},
        "dispositions": {"name": "n", "kind": "sales"},
    }.items():
        answer = await centre.service.http.post(f"/v1/{path}", json=body, headers=headers)
        assert answer.status_code == 403, path
    answer = await centre.service.http.put("/v1/campaigns/prj_1/agents", json={"agent_ids": []}, headers=headers)
    assert answer.status_code == 403


async def test_leads_of_other_projects_keep_their_campaign(centre: CallCentre):
    await centre.project("prj_2")
    await centre.tick(project_id="prj_2")
    await centre.lead("lead_1")
    await centre.lead("lead_2", lead=lead_ref("lead_2", "prj_2"))
    await centre.claimed()
    await centre.claimed()
    await centre.tick("usr_other", release_claims=True)
    assert {n: (await centre.item(f"lead_{n}"))["state"] for n in (1, 2)} == {1: "queued", 2: "claimed"}
