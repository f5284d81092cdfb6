"""A1.8 to A1.10: what a leads agent sees, in search, reports, links, exports and API alike."""

from typing import Any

import pytest
from assignment_svc.testing import AGENT, PERMISSIONS, CallCentre, lead_ref
from contracts.events.values import Order

OTHER = "usr_other"


async def _sees(centre: CallCentre, headers: Any = None) -> dict[str, set[str]]:
    """The leads that each way of looking shows."""
    by = headers or centre.as_agent()
    lists = {
        "list": await centre.read("work-items", by),
        "search": await centre.read("customers", by),
        "orders": await centre.read("orders", by),
        "report": await centre.read("reports/order-details", by),
    }
    seen = {name: {row["lead_id"] for row in page["data"]} for name, page in lists.items()}
    export = await centre.read("reports/order-details/export", by)
    seen["export"] = {line.split(",")[7] for line in export.splitlines()[1:]}
    leads = await centre.service.db.pool.fetch("SELECT lead_id FROM leads")
    answers = {
        row["lead_id"]: await centre.service.http.get(f"/v1/work-items/{row['lead_id']}", headers=by) for row in leads
    }
    seen["link"] = {lead_id for lead_id, answer in answers.items() if answer.status_code == 200}
    return seen


async def _a_lead_of_every_kind(centre: CallCentre) -> None:
    """mine, theirs (another agent's), free (in the queue), off (of a campaign without the agent), waiting (pending)."""
    await centre.project("prj_2")
    await centre.agent(OTHER)
    for lead_id, fields in {
        "lead_mine": {},
        "lead_theirs": {},
        "lead_free": {},
        "lead_off": {"lead": lead_ref("lead_off", "prj_2")},
        "lead_waiting": {"location": "pending"},
    }.items():
        await centre.partial(lead_id, **fields)
    await centre.supervise("assignments", lead_id="lead_mine", agent_id=AGENT)
    await centre.supervise("assignments", lead_id="lead_theirs", agent_id=OTHER)


async def test_a1_10_a_restricted_agent_finds_and_opens_only_assigned_customers(centre: CallCentre):
    await _a_lead_of_every_kind(centre)
    seen = await _sees(centre)
    assert set(seen) == {"list", "search", "orders", "report", "export", "link"}
    assert all(leads == {"lead_mine"} for leads in seen.values())


async def test_a1_10_others_see_their_campaigns_and_admins_and_supervisors_all(centre: CallCentre):
    await _a_lead_of_every_kind(centre)
    await centre.options(restrict_to_assigned=False)
    campaign = {"lead_mine", "lead_theirs", "lead_free"}
    assert set(map(frozenset, (await _sees(centre)).values())) == {frozenset(campaign)}
    permitted = centre.as_agent(permissions=[*PERMISSIONS, "leads.pending.read"])
    assert set(map(frozenset, (await _sees(centre, permitted)).values())) == {frozenset(campaign | {"lead_waiting"})}
    for level in ("admin", "supervisor"):
        every = await _sees(centre, centre.service.headers(level))
        assert all(len(leads) == 5 for leads in every.values())


async def test_a1_10_seeing_a_lead_is_not_working_on_it(centre: CallCentre):
    await _a_lead_of_every_kind(centre)
    await centre.options(restrict_to_assigned=False)
    http, by = centre.service.http, centre.as_agent()
    assert (await http.post("/v1/work-items/lead_theirs/lock", headers=by)).status_code == 404
    order = {"lead_id": "lead_free", "number": "N1"}
    assert (await http.post("/v1/orders", json=order, headers=by)).status_code == 404


@pytest.mark.parametrize("end", ["resolved", "invalid", "converted"])
async def test_a1_10_an_own_lead_stays_visible_for_3600_seconds_after_its_end_then_403(centre: CallCentre, end: str):
    await centre.partial()
    _, token = await centre.claimed()
    steps: dict[str, tuple[str, dict[str, str]]] = {
        "resolved": ("resolve", {"disposition_id": await centre.disposition()}),
        "invalid": ("invalidate", {"reason": "no such number"}),
        "converted": ("convert", {}),
    }
    step, body = steps[end]
    assert (await centre.step("lead_1", step, token, **body)).json()["state"] == end
    await centre.options(view_non_partial_orders=True)
    await _ended(centre, 3599)
    assert all(leads == {"lead_1"} for leads in (await _sees(centre)).values())
    await _ended(centre, 3601)
    assert all(leads == set() for leads in (await _sees(centre)).values())
    order_id = (await centre.item())["order"]["id"]
    pages = ("", "/history", "/eligibility")
    for path in (*(f"work-items/lead_1{page}" for page in pages), f"orders/{order_id}"):
        answer = await centre.read(path, centre.as_agent(), status=403)
        assert answer["code"] == "lead-not-visible", path
    stepped = await centre.step("lead_1", step, token, **body)
    assert (stepped.status_code, stepped.json()["code"]) == (403, "lead-not-visible")
    await centre.read("work-items/lead_1", centre.as_agent(OTHER), status=404)
    await centre.options(resolved_visibility_seconds=7200)
    assert all(leads == {"lead_1"} for leads in (await _sees(centre)).values())


async def _ended(centre: CallCentre, seconds: int) -> None:
    """The database's clock decides; so it is the end that is moved."""
    await centre.service.db.pool.execute(
        "UPDATE work_items SET closed_at = now() - make_interval(secs => $1)", float(seconds)
    )


async def test_a1_8_reports_show_partial_orders_only_unless_a1_9_says_otherwise(centre: CallCentre):
    await centre.partial("lead_1")
    await centre.lead("lead_2", order=Order(number="2", status="completed"))
    for _ in range(2):
        await centre.claimed()
    assert [row["status"] for row in (await centre.read("reports/order-details", centre.as_agent()))["data"]] == [
        "partial"
    ]
    asked = await centre.read("reports/order-details?status=completed", centre.as_agent())
    assert asked["data"] == []
    await centre.options(view_non_partial_orders=True)
    assert len((await centre.read("reports/order-details", centre.as_agent()))["data"]) == 2
    assert len((await centre.read("reports/order-details"))["data"]) == 2


async def test_a1_10_options_are_read_by_their_agent_and_written_by_supervisors(centre: CallCentre):
    path = f"agents/{AGENT}/options"
    defaults = await centre.read(path, centre.as_agent())
    assert defaults == {
        "agent_id": AGENT,
        "view_non_partial_orders": False,
        "restrict_to_assigned": True,
        "resolved_visibility_seconds": 3600,
        "version": 0,
    }
    await centre.read(path, centre.as_agent(OTHER), status=404)
    await centre.read("agents/usr_x/options", status=404)
    refused = await centre.write("PATCH", path, {"restrict_to_assigned": False}, centre.as_agent())
    assert refused.status_code == 403
    for wrong in ({"resolved_visibility_seconds": -1}, {"agent_id": "usr_x"}, {"version": 9}):
        assert (await centre.write("PATCH", path, wrong)).status_code == 422, wrong
    changed = await centre.write("PATCH", path, {"resolved_visibility_seconds": 0})
    assert (changed.json()["version"], changed.headers["ETag"]) == (1, '"1"')
    stale = {**centre.service.headers("admin"), "If-Match": '"0"'}
    assert (await centre.write("PATCH", path, {"restrict_to_assigned": False}, stale)).status_code == 412
