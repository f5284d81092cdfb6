"""Lists, reads, reports and overviews, and who may see which rows of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from assignment_svc.testing import AGENT, CallCentre, lead_ref
from contracts.events.sponsor import QueueRules

LEVELS_WITHOUT_LEADS = ("call_centre", "sponsor", "partner", "integration")


async def _get(centre: CallCentre, path: str, headers: Any = None) -> Any:
    answer = await centre.service.http.get(f"/v1/{path}", headers=headers or centre.service.headers("admin"))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a1_2_the_report_has_the_agents_leads_and_the_ten_newest_entries_across_them(centre: CallCentre):
    await centre.agent("usr_other")
    await centre.tick(AGENT, "usr_other")
    for number in range(1, 5):
        await centre.lead(f"lead_{number}", received_at=datetime.now(UTC) - timedelta(minutes=number))
    mine = [await centre.claimed() for _ in range(2)]
    await centre.claimed("usr_other")
    for number in range(7):
        await centre.step(mine[number % 2][0], "attempts", mine[number % 2][1], outcome=f"call {number}")
    report = await _get(centre, "agents/me/report", centre.as_agent())
    assert {item["lead_id"] for item in report["assigned"]} == {"lead_1", "lead_2"}
    assert report["assigned"][0]["person"]["first_name"] == "Aino"
    assert len(report["history"]) == 10
    told = [entry["data"].get("outcome", entry["event"]) for entry in report["history"]]
    assert told == [*[f"call {number}" for number in range(6, -1, -1)], "claimed", "claimed", "queued"]
    assert {entry["lead_id"] for entry in report["history"]} == {"lead_1", "lead_2"}
    assert (await _get(centre, "agents/me/report", centre.as_agent("usr_new")))["assigned"] == []


async def test_a1_4_assignments_of_an_agent(centre: CallCentre):
    for number in range(3):
        await centre.lead(f"lead_{number}")
        await centre.claimed()
    page = await _get(centre, f"agents/{AGENT}/assignments?limit=2")
    assert ([row["lead_id"] for row in page["data"]], page["has_more"]) == (["lead_2", "lead_1"], True)
    rest = await _get(centre, f"agents/{AGENT}/assignments?limit=2&cursor={page['next_cursor']}")
    assert ([row["lead_id"] for row in rest["data"]], rest["has_more"]) == (["lead_0"], False)
    other = centre.as_agent("usr_other")
    foreign = await centre.service.http.get(f"/v1/agents/{AGENT}/assignments", headers=other)
    unknown = await centre.service.http.get("/v1/agents/usr_x/assignments", headers=centre.service.headers("admin"))
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    picker = await _get(centre, "agents")
    assert picker["data"] == [{"id": AGENT, "name": AGENT, "open_claims": 3}]


async def test_agents_see_their_own_leads_only_and_foreign_ones_like_unknown_ones(centre: CallCentre):
    await centre.agent("usr_other")
    await centre.tick(AGENT, "usr_other")
    await centre.lead("lead_1")
    await centre.lead("lead_2")
    await centre.lead("lead_3")
    mine, theirs = (await centre.claimed())[0], (await centre.claimed("usr_other"))[0]
    page = await _get(centre, "work-items", centre.as_agent())
    assert [row["lead_id"] for row in page["data"]] == [mine]
    headers = {**centre.as_agent(), "X-Request-Id": "same"}
    for path in ("", "/history", "/eligibility"):
        foreign = await centre.service.http.get(f"/v1/work-items/{theirs}{path}", headers=headers)
        unknown = await centre.service.http.get(f"/v1/work-items/lead_x{path}", headers=headers)
        assert foreign.status_code == unknown.status_code == 404
        assert foreign.content == unknown.content
    assert len((await _get(centre, "work-items"))["data"]) == 3


@pytest.mark.parametrize("level", LEVELS_WITHOUT_LEADS)
async def test_others_see_nothing(centre: CallCentre, level: str):
    await centre.partial()
    headers = centre.service.headers(level, sponsor_id="spo_1", partner_id="ptr_1")
    order_id = (await centre.item())["order"]["id"]
    for path in (
        "work-items",
        "work-items/lead_1",
        "work-items/lead_1/history",
        "work-items/lead_1/eligibility",
        "queue",
        "orders",
        f"orders/{order_id}",
        "dispositions",
        "agents",
        "agents/me/report",
        f"agents/{AGENT}/assignments",
        "campaigns/prj_1/agents",
    ):
        answer = await centre.service.http.get(f"/v1/{path}", headers=headers)
        assert answer.status_code == 403, path
        anonymous = await centre.service.http.get(f"/v1/{path}")
        assert anonymous.status_code == 401, path


async def test_lists_filter_and_page_by_cursor(centre: CallCentre):
    await centre.project("prj_2")
    for number in range(6):
        project_id = "prj_2" if number % 2 else "prj_1"
        location = "pending" if number == 5 else "queue"
        await centre.lead(f"lead_{number}", lead=lead_ref(f"lead_{number}", project_id), location=location)
    await centre.claimed()
    shown: list[str] = []
    cursor = ""
    while True:
        page = await _get(centre, f"work-items?limit=2{cursor}")
        shown += [row["lead_id"] for row in page["data"]]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert shown == [f"lead_{number}" for number in range(5, -1, -1)]
    assert len((await _get(centre, "work-items?state=queued"))["data"]) == 4
    assert [r["lead_id"] for r in (await _get(centre, "work-items?project_id=prj_2&state=pending"))["data"]] == [
        "lead_5"
    ]
    assert [r["lead_id"] for r in (await _get(centre, f"work-items?agent_id={AGENT}"))["data"]] == ["lead_4"]
    headers = centre.service.headers("admin")
    for query in ("cursor=nonsense", "limit=0", "limit=101"):
        refused = await centre.service.http.get(f"/v1/work-items?{query}", headers=headers)
        assert refused.status_code == 422, query


async def test_the_queue_counts_by_readiness(centre: CallCentre):
    await centre.project("prj_2", queue=QueueRules(cool_down_minutes=5))
    await centre.tick(project_id="prj_2")
    for number in range(4):
        project_id = "prj_2" if number else "prj_1"
        await centre.lead(f"lead_{number}", lead=lead_ref(f"lead_{number}", project_id))
    lead_id, token = await centre.claimed(project_id="prj_2")
    await centre.step(lead_id, "release", token)
    overview = {row["project_id"]: row for row in (await _get(centre, "queue"))["data"]}
    assert {k: overview["prj_2"][k] for k in ("total", "ready", "cooling_down", "outside_hours", "state")} == {
        "total": 3,
        "ready": 2,
        "cooling_down": 1,
        "outside_hours": 0,
        "state": "active",
    }
    assert 0 <= overview["prj_1"]["oldest_age_seconds"] < 60
    await centre.project("prj_2", state="passive")
    overview = {row["project_id"]: row for row in (await _get(centre, "queue"))["data"]}
    assert (overview["prj_2"]["ready"], overview["prj_2"]["outside_hours"]) == (0, 2)
    await centre.tick("usr_other")
    mine = (await _get(centre, "queue", centre.as_agent()))["data"]
    assert [row["project_id"] for row in mine] == ["prj_2"]


async def test_dispositions_are_unique_kept_while_used_and_changed_with_care(centre: CallCentre):
    disposition_id = await centre.disposition()
    taken = await centre.supervise("dispositions", name="NOT interested", kind="service", call_centre="main")
    assert (taken.status_code, taken.json()["code"]) == (409, "disposition-name-taken")
    headers = centre.service.headers("supervisor")
    http, path = centre.service.http, f"/v1/dispositions/{disposition_id}"
    read = await http.get(path, headers=centre.as_agent())
    stale = await http.patch(path, json={"name": "Too dear"}, headers={**headers, "If-Match": '"7"'})
    assert stale.status_code == 412
    fresh = await http.patch(path, json={"name": "Too dear"}, headers={**headers, "If-Match": read.headers["ETag"]})
    assert (fresh.json()["name"], fresh.json()["version"]) == ("Too dear", 2)
    unused = (await centre.supervise("dispositions", name="Other", kind="no_contact")).json()["id"]
    assert (await http.delete(f"/v1/dispositions/{unused}", headers=headers)).status_code == 204
    await centre.lead()
    _, token = await centre.claimed()
    await centre.step("lead_1", "resolve", token, disposition_id=disposition_id)
    removed = await http.delete(path, headers=headers)
    assert (removed.status_code, removed.json()["active"]) == (200, False)
    listed = await _get(centre, "dispositions?kind=sales", centre.as_agent())
    assert [row["name"] for row in listed["data"]] == ["Too dear"]
    assert (await http.get("/v1/dispositions/dsp_x", headers=headers)).status_code == 404
