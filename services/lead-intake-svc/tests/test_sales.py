"""Partners that buy (I2.24): by hand, in bulk, by rule; nobody works what was sold; buyers send back."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from contracts.events import assignment as a
from contracts.events import intake as i
from contracts.events import notify as n
from contracts.events import validation as v
from contracts.events.values import LeadRef, Money, Order
from lead_intake_svc.returns.lapse_returns import lapse_returns
from lead_intake_svc.testing import World, bearer, lead

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PRICE = {"amount_minor": 900, "currency": "EUR"}


def ref(world: World, lead_id: str) -> LeadRef:
    return LeadRef(lead_id=lead_id, partner_id=world.partner_id, project_id="prj_a")


async def buyer(world: World, **changes: Any) -> str:
    return await world.partner(name="Buyer", sells_leads=False, buys_leads=True, **changes)


async def sell(world: World, buyer_id: str, *lead_ids: str, **more: Any) -> list[dict[str, Any]]:
    body = {"lead_ids": lead_ids, "buyer_id": buyer_id, **more}
    answer = await world.http.post("/v1/sales", json=body, headers=world.service.headers("supervisor"))
    assert answer.status_code == 200, answer.text
    return list(answer.json()["results"])


async def send_back(world: World, buyer_id: str, *lead_ids: str, reason: str = "wrong number") -> list[dict[str, Any]]:
    headers = world.service.headers("partner", partner_id=buyer_id, user_id="usr_buyer")
    body = {"lead_ids": lead_ids, "reason": reason, "comment": "not ours"}
    return list((await world.http.post("/v1/returns", json=body, headers=headers)).json()["results"])


async def status(world: World, lead_id: str) -> str:
    return str((await world.http.get(f"/v1/leads/{lead_id}", headers=world.service.headers())).json()["status"])


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


STATES: list[tuple[type[a.WorkItemEvent], dict[str, Any], str | None]] = [
    (a.LeadClaimedV1, {"agent_id": "usr_1"}, "lead-claimed"),
    (a.LeadConvertedV1, {"agent_id": "u", "order_id": "o", "order": Order(number="1", status="x")}, "lead-converted"),
    (a.LeadSuppressedV1, {"suppression_id": "sup_1"}, "lead-suppressed"),
    (a.LeadHeldV1, {}, "lead-held"),
    (a.LeadExpiredV1, {"reason": "age"}, None),
    (a.LeadQueuedV1, {}, None),
]


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


async def rule(world: World, **body: Any) -> dict[str, Any]:
    answer = await world.http.post("/v1/sales/rules", json=body, headers=world.service.headers())
    assert answer.status_code == 201, answer.text
    await world.noticed()
    return dict(answer.json())


async def test_i2_24_a_rule_sells_on_acceptance_in_the_same_commit(world: World):
    other, buyer_id = await buyer(world, active=False), await buyer(world)
    await world.project("prj_b")
    await rule(world, buyer_id=other, place=1)
    made = await rule(world, buyer_id=buyer_id, project_id="prj_a", partner_id=world.partner_id, price=PRICE)
    body = lead()
    sold, kept = (await world.push(body)).json(), await world.accepted(project_id="prj_b")
    assert await status(world, sold["id"]) == "sold"
    assert await status(world, kept["id"]) == "accepted"
    again = await world.push(body)
    assert (again.status_code, again.json()["id"]) == (200, sold["id"])
    batch = await world.http.post("/v1/leads/batch", json=[lead() for _ in range(5)], headers=bearer(world.key))
    assert [row["status"] for row in batch.json()["results"]] == ["ok"] * 5
    sales = (await world.http.get("/v1/sales", headers=world.service.headers())).json()["data"]
    assert [(sale["rule_id"], sale["price"]) for sale in sales] == [(made["id"], PRICE)] * 6
    path, admin = f"/v1/sales/rules/{made['id']}", world.service.headers()
    stale = await world.http.patch(path, json={"active": False}, headers=admin | {"If-Match": '"9"'})
    assert stale.status_code == 412
    assert (await world.http.patch(path, json={"active": False}, headers=admin)).json()["active"] is False
    await world.noticed()
    assert await status(world, (await world.accepted())["id"]) == "accepted"
    assert (await world.http.delete(path, headers=admin)).status_code == 204
    bad = await world.http.post("/v1/sales/rules", json={"buyer_id": world.partner_id}, headers=admin)
    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "/buyer_id")


async def test_i2_24_held_leads_are_sold_once_they_are_confirmed(world: World):
    buyer_id = await buyer(world)
    await world.project("prj_v", call_centre_validation=True)
    await rule(world, buyer_id=buyer_id)
    answer = (await world.push(lead(project_id="prj_v"))).json()
    assert (answer["held"], await status(world, answer["id"])) == (True, "accepted")
    confirmed = v.CaseConfirmedV1(lead=LeadRef(lead_id=answer["id"], partner_id=world.partner_id, project_id="prj_v"))
    await world.service.deliver(confirmed, sequence=2)
    assert await status(world, answer["id"]) == "sold"


async def test_i2_24_a_buyer_sends_back_and_we_answer(world: World):
    buyer_id = await buyer(world)
    lead_id = (await world.accepted())["id"]
    await sell(world, buyer_id, lead_id, price=PRICE)
    unsold = (await world.accepted())["id"]
    mine, unknown = await send_back(world, buyer_id, lead_id, unsold)
    assert (mine["status"], unknown["code"]) == ("ok", "not-found")
    assert (await send_back(world, buyer_id, lead_id))[0]["code"] == "return-open"
    assert await status(world, lead_id) == "sold"
    path = f"/v1/returns/{mine['id']}"
    headers, head = world.service.headers("partner", partner_id=buyer_id), world.service.headers("supervisor")
    assert (await world.http.get(path, headers=headers)).json()["comment"] == "not ours"
    own = await world.http.post(f"{path}/accept", json={}, headers=headers)
    assert (own.status_code, own.json()["code"]) == (403, "return-not-yours")
    assert (await world.http.post(f"{path}/decline", json={"answer": "no"}, headers=head)).status_code == 200
    assert (await world.http.post(f"{path}/dispute", json={}, headers=head)).status_code == 403
    assert (await world.http.post(f"{path}/dispute", json={}, headers=headers)).json()["state"] == "disputed"
    assert (await world.http.post(f"{path}/accept", json={}, headers=head)).json()["kind"] == "sale"
    assert await status(world, lead_id) == "accepted"
    (credit,) = await world.service.published(i.CreditEnteredV1)
    assert isinstance(credit, i.CreditEnteredV1)
    assert (credit.partner_id, credit.direction) == (buyer_id, "to_partner")
    assert credit.amount == Money(amount_minor=900, currency="EUR")
    assert await world.service.published(i.ReturnRequestedV1, i.ReturnAcceptedV1) == []
    assert len(await world.service.published(i.SaleReturnRequestedV1, i.SaleReturnAcceptedV1)) == 2
    assert (await send_back(world, buyer_id, lead_id))[0]["code"] == "lead-returned"
    assert [result["status"] for result in await sell(world, await buyer(world), lead_id)] == ["ok"]


async def test_i2_24_the_buyers_window_and_the_timer_hold(world: World):
    buyer_id = await buyer(world, return_window_days=3)
    one, two = [(await world.accepted())["id"] for _ in range(2)]
    await sell(world, buyer_id, one, two)
    await world.rows("UPDATE sales SET sold_at = now() - interval '4 days' WHERE lead_id = $1", two)
    results = await send_back(world, buyer_id, one, two)
    assert [result["code"] for result in results] == [None, "return-window-over"]
    async with world.service.db.unit_of_work() as work:
        assert await lapse_returns(work, datetime.now(UTC) + timedelta(days=8)) == 1
    assert await status(world, one) == "accepted"


async def test_i2_24_a_return_that_travels_from_another_leadwire_comes_in_once(world: World):
    buyer_id = await buyer(world)
    one, two = [(await world.accepted())["id"] for _ in range(2)]
    await sell(world, buyer_id, one, two)

    def heard(lead_id: str, name: str, reason: str) -> n.ReturnReceivedV1:
        return n.ReturnReceivedV1(
            lead=ref(world, lead_id), buyer_id=buyer_id, external_return_id=name, reason=reason, comment="theirs"
        )

    for _ in range(2):
        await world.service.deliver(heard(one, "ret_theirs", "wrong number"))
    await world.service.deliver(heard(two, "ret_other", "their own words"))
    await world.service.deliver(heard((await world.accepted())["id"], "ret_third", "wrong number"))
    head = world.service.headers("supervisor")
    rows = (await world.http.get("/v1/returns?kind=sale", headers=head)).json()["data"]
    assert [(row["lead_id"], row["state"], row["refusal"]) for row in rows] == [
        (two, "proposed", "return-reason-unknown"),
        (one, "requested", None),
    ]
    confirmed = await world.http.post(f"/v1/returns/{rows[0]['id']}/confirm", json={"reason": "other"}, headers=head)
    assert (confirmed.json()["state"], confirmed.json()["evidence"]) == (
        "requested",
        {"external_return_id": "ret_other"},
    )


async def test_i2_24_a_conversion_that_was_faster_than_the_sale_raises_an_alarm(world: World):
    buyer_id = await buyer(world)
    lead_id = (await world.accepted())["id"]
    await sell(world, buyer_id, lead_id)
    event_class, fields, _ = STATES[1]
    await world.service.deliver(event_class(lead=ref(world, lead_id), received_at=NOW, **fields), sequence=3)
    (alarm,) = await world.service.published(i.AlarmRaisedV1)
    assert isinstance(alarm, i.AlarmRaisedV1)
    assert (alarm.alarm, alarm.lead_id) == ("sold-lead-converted", lead_id)


async def test_i2_24_a_rule_sells_what_leaves_quarantine(world: World):
    await world.project(sequence=2, checks={"names": "quarantine"})
    await rule(world, buyer_id=await buyer(world))
    waiting = (await world.push(lead(first_name="Aaaaaa"))).json()
    assert (waiting["status"], await status(world, waiting["id"])) == ("quarantined", "quarantined")
    body = {"decision": "accept", "reason": "a real name"}
    path = f"/v1/leads/{waiting['id']}/decision"
    assert (await world.http.post(path, json=body, headers=world.service.headers())).status_code == 200
    assert await status(world, waiting["id"]) == "sold"
