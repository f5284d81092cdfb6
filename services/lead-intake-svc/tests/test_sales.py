"""Partners that buy (I2.24): by hand and in bulk; nobody works what was sold."""

import asyncio
from typing import Any

import pytest
from contracts.events import assignment as a
from contracts.events import intake as i
from contracts.events.values import Order
from lead_intake_svc.testing import World, bearer, lead
from lead_intake_svc.testing_returns import NOW, buyer, ref, sell, status

PRICE = {"amount_minor": 900, "currency": "EUR"}
STATES: list[tuple[type[a.WorkItemEvent], dict[str, Any], str | None]] = [
    (a.LeadClaimedV1, {"agent_id": "usr_1"}, "lead-claimed"),
    (a.LeadConvertedV1, {"agent_id": "u", "order_id": "o", "order": Order(number="1", status="x")}, "lead-converted"),
    (a.LeadSuppressedV1, {"suppression_id": "sup_1"}, "lead-suppressed"),
    (a.LeadHeldV1, {}, "lead-held"),
    (a.LeadExpiredV1, {"reason": "age"}, None),
    (a.LeadQueuedV1, {}, None),
]


async def test_i2_24_a_sold_lead_carries_its_whole_content_and_is_sold_once(world: World):
    one, two = await buyer(world), await buyer(world)
    body = lead(comments="evenings", custom={"size": 3}, order={"number": "1", "status": "partial"})
    lead_id = (await world.push(body)).json()["id"]
    answers = await asyncio.gather(*(sell(world, each, lead_id) for each in (one, two) * 4))
    codes = sorted((result["status"], result["code"] or "") for (result,) in answers)
    assert codes == [("failed", "lead-sold")] * 7 + [("ok", "")]
    (sold,) = await world.service.published(i.LeadSoldV1)
    assert isinstance(sold, i.LeadSoldV1)
    assert (sold.person.phone, sold.comments, sold.custom) == (body["phone"], "evenings", {"size": 3})
    assert sold.order == Order(number="1", status="partial")
    assert await status(world, lead_id) == "sold"
    changed = await world.push(body | {"comments": "later"})
    assert (changed.status_code, changed.json()["code"]) == (409, "lead-finished")


@pytest.mark.parametrize(("event_class", "fields", "code"), STATES)
async def test_i2_24_nobody_works_a_lead_that_was_sold(
    world: World, event_class: type[a.WorkItemEvent], fields: dict[str, Any], code: str | None
):
    buyer_id = await buyer(world)
    lead_id = (await world.accepted())["id"]
    await world.service.deliver(event_class(lead=ref(world, lead_id), received_at=NOW, **fields), sequence=3)
    assert [result["code"] for result in await sell(world, buyer_id, lead_id)] == [code]


async def test_i2_24_a_result_per_lead_and_one_refusal_for_who_does_not_buy(world: World):
    buyer_id = await buyer(world)
    good, held = (await world.accepted())["id"], (await world.accepted())["id"]
    rejected = (await world.push(lead(phone="1", email=None))).json()["id"]
    test = (await world.push(lead(test=True))).json()["id"]
    await world.rows("UPDATE leads SET held = true WHERE id = $1", held)
    codes = [result["code"] for result in await sell(world, buyer_id, rejected, good, good, "lead_none", test, held)]
    assert codes == ["lead-not-accepted", None, "lead-sold", "not-found", "lead-is-test", "lead-held"]
    for partner_id, expected in (
        (world.partner_id, (409, "partner-does-not-buy")),
        ("ptr_none", (422, "buyer-unknown")),
    ):
        body = {"lead_ids": [held], "buyer_id": partner_id}
        answer = await world.http.post("/v1/sales", json=body, headers=world.service.headers())
        assert (answer.status_code, answer.json()["code"]) == expected
    key = bearer(world.key)
    assert (await world.http.post("/v1/sales", json=body, headers=key)).status_code == 401
    for level in ("leads_agent", "partner", "sponsor", "call_centre"):
        headers = world.service.headers(level, partner_id=buyer_id, sponsor_id="spo_1")
        assert (await world.http.post("/v1/sales", json=body, headers=headers)).status_code == 403


async def test_i2_24_buyers_see_what_they_bought(world: World):
    one, two = await buyer(world), await buyer(world)
    first, second = [(await world.accepted())["id"] for _ in range(2)]
    (mine,), (theirs,) = await sell(world, one, first, price=PRICE), await sell(world, two, second)
    headers = world.service.headers("partner", partner_id=one)
    listed = (await world.http.get("/v1/sales", headers=headers)).json()["data"]
    assert [(sale["id"], sale["price"], sale["sold_by"]) for sale in listed] == [(mine["id"], PRICE, None)]
    assert (await world.http.get(f"/v1/sales/{mine['id']}", headers=headers)).status_code == 200
    assert (await world.http.get(f"/v1/sales/{theirs['id']}", headers=headers)).status_code == 404
    every = (await world.http.get(f"/v1/sales?buyer_id={two}&state=sold", headers=world.service.headers())).json()
    assert [sale["id"] for sale in every["data"]] == [theirs["id"]]


async def test_i2_24_a_conversion_that_was_faster_than_the_sale_raises_an_alarm(world: World):
    buyer_id = await buyer(world)
    lead_id = (await world.accepted())["id"]
    await sell(world, buyer_id, lead_id)
    event_class, fields, _ = STATES[1]
    await world.service.deliver(event_class(lead=ref(world, lead_id), received_at=NOW, **fields), sequence=3)
    (alarm,) = await world.service.published(i.AlarmRaisedV1)
    assert isinstance(alarm, i.AlarmRaisedV1)
    assert (alarm.alarm, alarm.lead_id) == ("sold-lead-converted", lead_id)
