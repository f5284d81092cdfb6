"""Rules that sell leads on acceptance (I2.24)."""

from contracts.events import validation as v
from contracts.events.values import LeadRef
from lead_intake_svc.testing import World, bearer, lead
from lead_intake_svc.testing_returns import buyer, rule, status

PRICE = {"amount_minor": 900, "currency": "EUR"}


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


async def test_i2_24_a_rule_sells_what_leaves_quarantine(world: World):
    await world.project(sequence=2, checks={"names": "quarantine"})
    await rule(world, buyer_id=await buyer(world))
    waiting = (await world.push(lead(first_name="Aaaaaa"))).json()
    assert (waiting["status"], await status(world, waiting["id"])) == ("quarantined", "quarantined")
    body = {"decision": "accept", "reason": "a real name"}
    path = f"/v1/leads/{waiting['id']}/decision"
    assert (await world.http.post(path, json=body, headers=world.service.headers())).status_code == 200
    assert await status(world, waiting["id"]) == "sold"
