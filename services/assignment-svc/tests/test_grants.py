"""A1.1: what a leads agent may do is granted, and what an admin takes away is gone."""

from typing import Any

import pytest
from assignment_svc.testing import PERMISSIONS, CallCentre


async def _may(centre: CallCentre, headers: Any) -> dict[str, bool]:
    """Which grants open what they are for; none of it finds anything that could be refused for another reason."""
    order = {"lead_id": "lead_x", "number": "N1"}
    asked = {
        "reports.order_details": [("GET", "reports/order-details"), ("GET", "reports/order-details/export")],
        "customer_service": [("GET", "customers"), ("POST", "customers/search")],
        "order_entry": [("POST", "orders"), ("PATCH", "orders/ord_x"), ("POST", "orders/ord_x/complete")],
    }
    bodies: dict[str, Any] = {"customers/search": {"q": "Virtanen"}, "orders": order, "orders/ord_x": {"number": "N2"}}
    opened: dict[str, bool] = {}
    for grant, ways in asked.items():
        answers = [
            await centre.service.http.request(method, f"/v1/{path}", json=bodies.get(path), headers=headers)
            for method, path in ways
        ]
        refused = {answer.status_code == 403 for answer in answers}
        assert len(refused) == 1, f"{grant} is half open"
        opened[grant] = refused == {False}
        assert all(answer.json()["code"] == "not-granted" for answer in answers if answer.status_code == 403)
    return opened


@pytest.mark.parametrize("taken", ["reports.order_details", "customer_service", "order_entry"])
async def test_a1_1_a_grant_that_was_taken_away_opens_nothing_and_the_others_stay(centre: CallCentre, taken: str):
    assert all((await _may(centre, centre.as_agent())).values()), "what every leads agent has"
    opened = await _may(centre, centre.as_agent(permissions=set(PERMISSIONS) - {taken}))
    assert opened == {grant: grant != taken for grant in opened}


async def test_a1_1_without_any_grant_an_agent_still_works_on_what_is_assigned(centre: CallCentre):
    await centre.partial()
    by = centre.as_agent(permissions=())
    await centre.supervise("assignments", lead_id="lead_1", agent_id="usr_agent")
    assert [item["lead_id"] for item in (await centre.read("agents/me/report", by))["assigned"]] == ["lead_1"]
    lock = await centre.service.http.post("/v1/work-items/lead_1/lock", headers=by)
    done = await centre.service.http.post(
        "/v1/work-items/lead_1/convert", headers={**by, "Lock-Token": lock.json()["token"]}
    )
    assert done.json()["state"] == "converted"


@pytest.mark.parametrize("level", ["supervisor", "admin"])
async def test_a1_1_supervisors_need_no_grant(centre: CallCentre, level: str):
    assert all((await _may(centre, centre.service.headers(level, permissions=()))).values())
