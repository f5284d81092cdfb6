"""A3.1, A3.2, A3.7: campaigns' tabs, copying agents, settings, call outcomes."""

import asyncio
from typing import Any

import pytest
from assignment_svc.campaign_settings.rules import why_refused
from assignment_svc.testing import AGENT, PROJECT, CallCentre
from contracts.events.assignment import CampaignChangedV1
from contracts.events.sponsor import QueueRules


async def test_a3_1_the_default_view_has_active_campaigns_and_the_others_have_their_tabs(centre: CallCentre):
    await centre.project("prj_b", name="Beta")
    await centre.project("prj_a", name="alpha")
    await centre.project("prj_passive", state="passive")
    await centre.project("prj_crm", state="available")

    async def tab(query: str, headers: Any = None) -> list[str]:
        return [row["project_id"] for row in (await centre.read(f"campaigns{query}", headers))["data"]]

    assert await tab("") == ["prj_a", "prj_b", PROJECT]
    assert await tab("?state=passive") == ["prj_passive"]
    assert await tab("?state=available") == ["prj_crm"]
    page = await centre.read("campaigns?limit=2")
    assert await tab(f"?limit=2&cursor={page['next_cursor']}") == [PROJECT]
    assert await tab("", centre.as_agent()) == [PROJECT], "those the agent is on"
    await centre.tick(project_id="prj_passive")
    assert await tab("?state=passive", centre.as_agent()) == [], "S0.8: hidden from agents"
    assert (await centre.read(f"campaigns/{PROJECT}", centre.as_agent()))["agents"] == 1
    await centre.read("campaigns/prj_a", centre.as_agent(), status=404)
    await centre.read("campaigns?state=all", status=422)


async def test_a3_2_agents_are_copied_from_another_campaign_after_a_preview(centre: CallCentre):
    await centre.project("prj_2")
    for agent_id in ("usr_b", "usr_c"):
        await centre.agent(agent_id)
    await centre.tick(AGENT, "usr_b")
    await centre.tick("usr_b", "usr_c", project_id="prj_2")
    path = f"campaigns/{PROJECT}/agents/copy"
    before = len(await centre.service.published(CampaignChangedV1))
    preview = await centre.write("POST", path, {"from_project_id": "prj_2", "dry_run": True})
    difference = {"added": ["usr_c"], "removed": [AGENT], "kept": ["usr_b"]}
    assert {name: preview.json()[name] for name in difference} == difference
    assert (await centre.read(f"campaigns/{PROJECT}/agents"))["agent_ids"] == [AGENT, "usr_b"]
    assert len(await centre.service.published(CampaignChangedV1)) == before
    await centre.write("POST", path, {"from_project_id": "prj_2"})
    assert (await centre.read(f"campaigns/{PROJECT}/agents"))["agent_ids"] == ["usr_b", "usr_c"]
    assert (await centre.write("POST", path, {"from_project_id": "prj_2"})).json()["added"] == []
    assert len(await centre.service.published(CampaignChangedV1)) == before + 1
    assert (await centre.write("POST", path, {"from_project_id": "prj_x"})).status_code == 404
    assert (await centre.write("POST", path, {"from_project_id": "prj_2"}, centre.as_agent())).status_code == 403


@pytest.mark.parametrize(("setting", "state"), [("finish", "claimed"), ("release", "queued")])
async def test_a3_2_what_unticking_does_to_claims_is_a_setting(centre: CallCentre, setting: str, state: str):
    await centre.lead()
    await centre.claimed()
    await centre.write("PATCH", f"campaigns/{PROJECT}/settings", {"claims_on_untick": setting})
    await centre.tick("usr_other")
    assert (await centre.item())["state"] == state


async def test_a3_7_the_campaigns_lock_time_comes_before_its_projects_and_survives_its_changes(centre: CallCentre):
    path = f"campaigns/{PROJECT}/settings"
    await centre.project(queue=QueueRules(lock_minutes=20))
    assert (await centre.read(path))["effective_lock_minutes"] == 20
    changed = await centre.write("PATCH", path, {"lock_minutes": 5})
    assert (changed.json()["effective_lock_minutes"], changed.headers["ETag"]) == (5, '"1"')
    await centre.project(queue=QueueRules(lock_minutes=30))
    assert (await centre.read(path, centre.as_agent()))["effective_lock_minutes"] == 5
    await centre.lead()
    await centre.claimed()
    seconds = await centre.service.db.pool.fetchval("SELECT extract(epoch FROM expires_at - acquired_at) FROM locks")
    assert seconds == 300
    assert (await centre.write("PATCH", path, {"lock_minutes": None})).json()["effective_lock_minutes"] == 30
    stale = {**centre.service.headers("admin"), "If-Match": '"1"'}
    assert (await centre.write("PATCH", path, {"lock_minutes": 9}, stale)).status_code == 412
    for wrong in ({"lock_minutes": 0}, {"lock_minutes": 121}, {"call_channel": "fax"}, {"version": 1}):
        assert (await centre.write("PATCH", path, wrong)).status_code == 422, wrong
    assert (await centre.write("PATCH", path, {}, centre.as_agent())).status_code == 403


async def test_a3_7_the_call_channel_has_a_pattern_that_opens_nothing_else(centre: CallCentre):
    path = f"campaigns/{PROJECT}/settings"
    good = {"call_channel": "external", "url_pattern": "https://dialler.example/call?to={phone}&lead={lead_id}"}
    assert (await centre.write("PATCH", path, good)).status_code == 200
    assert (await centre.write("PATCH", path, {"url_pattern": None})).status_code == 422
    refused = await centre.write("PATCH", path, {"url_pattern": "javascript:alert('{phone}')"})
    assert (refused.status_code, refused.json()["code"]) == (422, "url-pattern-refused")
    assert "alert" not in refused.text
    back = await centre.write("PATCH", path, {"call_channel": "tel_link"})
    assert back.json()["url_pattern"] is None


@pytest.mark.parametrize(
    ("channel", "pattern", "fits"),
    [
        ("tel_link", None, True),
        ("tel_link", "tel:{phone}", False),
        ("sip", None, True),
        ("sip", "sip:{phone}@pbx.example", True),
        ("sip", "https://pbx.example/{phone}", False),
        ("external", None, False),
        ("external", "https://dialler.example:8443/c/{phone}", True),
        ("external", "callto:{phone}", True),
        ("external", "https://dialler.example/", False),
        ("external", "https://{phone}.example/", False),
        ("external", "https://user:pw@dialler.example/{phone}", False),
        ("external", "https://dialler.example/{phone}/{email}", False),
        ("external", "https://dialler.example/{phone}/{", False),
        ("external", "https:///{phone}", False),
        ("external", "https://[{phone}", False),
        ("external", "JavaScript:x({phone})", False),
        ("external", "java\nscript:x({phone})", False),
        ("external", "data:text/html,{phone}", False),
        ("external", "vbscript:{phone}", False),
        ("external", "//dialler.example/{phone}", False),
        ("external", 'https://dialler.example/{phone}"><script>', False),
    ],
)
def test_a3_7_url_patterns(channel: str, pattern: str | None, fits: bool):
    assert (why_refused(channel, pattern) is None) == fits


async def test_a3_7_calls_end_with_the_campaigns_outcomes_and_a_used_one_is_only_taken_out_of_use(centre: CallCentre):
    path = f"campaigns/{PROJECT}/outcomes"
    await centre.lead()
    _, token = await centre.claimed()
    assert (await centre.step("lead_1", "attempts", token, outcome="anything")).status_code == 201
    made = await centre.write("POST", path, {"name": "Left a message", "contacted": False})
    unused = await centre.write("POST", path, {"name": "Sold"})
    assert (await centre.write("POST", path, {"name": "left a MESSAGE"})).json()["code"] == "outcome-name-taken"
    refused = await centre.step("lead_1", "attempts", token, outcome="anything")
    assert (refused.status_code, refused.json()["code"]) == (422, "outcome-unknown")
    logged = await centre.step("lead_1", "attempts", token, outcome="left_a_message")
    assert (logged.status_code, logged.json()["contacted"]) == (201, False)
    gone = await centre.write("DELETE", f"{path}/{unused.json()['id']}", None)
    kept = await centre.write("DELETE", f"{path}/{made.json()['id']}", None)
    assert (gone.status_code, kept.status_code, kept.json()["active"]) == (204, 200, False)
    assert [row["name"] for row in (await centre.read(path, centre.as_agent()))["data"]] == ["Left a message"]
    assert (await centre.read(f"{path}?active=true"))["data"] == []
    assert (await centre.write("DELETE", f"{path}/out_x", None)).status_code == 404
    assert (await centre.write("POST", path, {"name": "x"}, centre.as_agent())).status_code == 403


async def test_a3_7_calls_that_end_alike_do_not_wait_for_each_other(centre: CallCentre):
    await centre.lead()
    _, token = await centre.claimed()
    await centre.write("POST", f"campaigns/{PROJECT}/outcomes", {"name": "Reached"})
    assert (await centre.step("lead_1", "attempts", token, outcome="reached")).status_code == 201
    async with centre.service.db.pool.acquire() as other, other.transaction():
        await other.execute("SELECT FROM campaign_outcomes FOR UPDATE")
        async with asyncio.timeout(20):
            logged = await centre.step("lead_1", "attempts", token, outcome="reached")
    assert (logged.status_code, logged.json()["number"], logged.json()["contacted"]) == (201, 2, True)


@pytest.mark.parametrize("page", ["", "/settings", "/outcomes", "/templates", "/tools", "/agents"])
async def test_campaign_pages_are_shut_to_those_who_are_not_on_them(centre: CallCentre, page: str):
    await centre.project("prj_2")
    for level in ("call_centre", "sponsor", "partner", "integration"):
        await centre.read(f"campaigns/prj_2{page}", centre.service.headers(level), status=403)
    await centre.read(f"campaigns/prj_2{page}", centre.as_agent(), status=403 if page == "/agents" else 404)
    await centre.read(f"campaigns/prj_x{page}", status=404)
    assert (await centre.service.http.get(f"/v1/campaigns/prj_2{page}")).status_code == 401
