"""A1.12: order entry."""

from typing import Any

from assignment_svc.testing import CallCentre
from contracts.events.assignment import OrderChangedV1
from httpx2 import Response

ITEM = {"product_code": "GREEN24", "quantity": 2, "unit_price": {"amount_minor": 990, "currency": "EUR"}}


async def _add(centre: CallCentre, headers: Any, **fields: Any) -> Response:
    body = {"lead_id": "lead_1", "number": "N1", "items": [ITEM], **fields}
    return await centre.service.http.post("/v1/orders", json=body, headers=headers)


async def test_an_agent_begins_edits_and_completes_an_order(centre: CallCentre):
    await centre.lead()
    _, token = await centre.claimed()
    headers = centre.as_agent(token=token)
    made = await _add(centre, headers, total={"amount_minor": 1980, "currency": "EUR"})
    assert (made.status_code, made.json()["status"], made.json()["version"]) == (201, "partial", 1)
    path = f"/v1/orders/{made.json()['id']}"
    http = centre.service.http
    stale = await http.patch(path, json={"items": []}, headers={**headers, "If-Match": '"9"'})
    assert stale.status_code == 412
    edited = await http.patch(path, json={"items": []}, headers={**headers, "If-Match": made.headers["ETag"]})
    assert (edited.json()["items"], edited.json()["total"]["amount_minor"], edited.json()["version"]) == ([], 1980, 2)
    assert (await centre.item())["order"]["id"] == made.json()["id"]
    assert len(await centre.service.published(OrderChangedV1)) == 2
    assert (await http.post(f"{path}/complete", headers=headers)).status_code == 200
    closed = await http.patch(path, json={"items": []}, headers=centre.service.headers("admin"))
    assert (closed.status_code, closed.json()["code"]) == (409, "order-completed")
    assert await centre.told() == [
        "lead.queued 1",
        "lead.claimed 2",
        "order.changed 3",
        "order.changed 4",
        "order.completed 5",
        "lead.converted 6",
    ]


async def test_writing_an_order_needs_the_lock(centre: CallCentre):
    await centre.partial()
    order_id = (await centre.item())["order"]["id"]
    assert (await _add(centre, centre.as_agent())).status_code == 404, "not theirs yet"
    _, token = await centre.claimed()
    http = centre.service.http
    for headers in (centre.as_agent(), centre.as_agent(token="1" + token)):
        for answer in (
            await _add(centre, headers),
            await http.patch(f"/v1/orders/{order_id}", json={"items": []}, headers=headers),
            await http.post(f"/v1/orders/{order_id}/complete", headers=headers),
        ):
            assert (answer.status_code, answer.json()["code"]) == (423, "lock-lost")
    boss = centre.service.headers("supervisor", user_id="usr_boss")
    assert (await _add(centre, boss)).json()["code"] == "locked"
    await http.delete("/v1/work-items/lead_1/lock", headers=boss)
    assert (await _add(centre, boss)).status_code == 201


async def test_an_order_number_is_the_leads_own_once(centre: CallCentre):
    await centre.lead("lead_1")
    await centre.lead("lead_2")
    boss = centre.service.headers("supervisor")
    assert (await _add(centre, boss)).status_code == 201
    taken = await _add(centre, boss)
    assert (taken.status_code, taken.json()["code"]) == (409, "order-number-taken")
    assert (await _add(centre, boss, lead_id="lead_2")).status_code == 201
    listed = await centre.service.http.get("/v1/orders?lead_id=lead_1", headers=boss)
    assert [row["number"] for row in listed.json()["data"]] == ["N1"]
    assert (await centre.service.http.get("/v1/orders", headers=centre.as_agent())).json()["data"] == []


async def test_impossible_orders_are_refused(centre: CallCentre):
    await centre.lead()
    boss = centre.service.headers("supervisor")
    for wrong in (
        {"number": ""},
        {"items": [{**ITEM, "quantity": 0}]},
        {"total": {"amount_minor": 1.5, "currency": "EUR"}},
        {"total": {"amount_minor": 1, "currency": "euro"}},
        {"status": "completed"},
    ):
        assert (await _add(centre, boss, **wrong)).status_code == 422, wrong
    assert (await _add(centre, boss, lead_id="lead_x")).status_code == 404


async def test_a_supervisor_completing_the_order_of_a_waiting_lead_converts_it(centre: CallCentre):
    await centre.partial()
    order_id = (await centre.item())["order"]["id"]
    boss = centre.service.headers("supervisor", user_id="usr_boss")
    assert (await centre.service.http.post(f"/v1/orders/{order_id}/complete", headers=boss)).status_code == 200
    assert (await centre.item())["state"] == "converted"
    assert (await centre.claim()).status_code == 204
