"""Buyers send back what they bought (I2.24)."""

from datetime import timedelta
from typing import Any

from contracts.events import intake as i
from contracts.events import notify as n
from contracts.events.values import Money
from lead_intake_svc.testing import World
from lead_intake_svc.testing_returns import buyer, lapse, ref, sell, status

PRICE = {"amount_minor": 900, "currency": "EUR"}


async def send_back(world: World, buyer_id: str, *lead_ids: str, reason: str = "wrong number") -> list[dict[str, Any]]:
    headers = world.service.headers("partner", partner_id=buyer_id, user_id="usr_buyer")
    body = {"lead_ids": lead_ids, "reason": reason, "comment": "not ours"}
    return list((await world.http.post("/v1/returns", json=body, headers=headers)).json()["results"])


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
    assert await lapse(world, timedelta(days=8)) == 1
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
