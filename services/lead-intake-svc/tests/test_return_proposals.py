"""Returns that validation proposes (V4.10), and what follows a return (I2.13)."""

from typing import Any

from contracts.events import assignment as a
from contracts.events import intake as i
from contracts.events import validation as v
from contracts.events.values import Order
from lead_intake_svc.testing import World, bearer, lead
from lead_intake_svc.testing_returns import NOW, REASON, ask, ref, requested, status, step, supervisor, told


async def test_i2_13_the_same_person_from_that_partner_is_refused_after_the_return(world: World):
    body = lead()
    lead_id = (await world.push(body)).json()["id"]
    (made,) = await ask(world, lead_id)
    await step(world, made["id"], "accept")
    await world.rows("UPDATE projects SET duplicates = jsonb_set(duplicates, '{action}', '\"link\"')")
    await world.rows("UPDATE change_counters SET version = version + 1 WHERE name = 'projects'")
    await world.noticed()
    again = (await world.push(body | {"external_id": "again"})).json()
    assert (again["status"], again["reason"]) == ("rejected", "returned-before")
    other = await world.issue(await world.partner(name="Other"))
    await world.noticed()
    assert (await world.push(body, key=other)).json()["status"] == "accepted"


async def test_v4_10_an_automatic_proposal_is_requested_at_once(world: World):
    lead_id = (await world.accepted())["id"]
    event = v.ReturnProposedV1(lead=ref(world, lead_id), mode="automatic", reason="rejected in validation", note="dead")
    for _ in range(2):
        await world.service.deliver(event)
    (asked,) = await world.service.published(i.ReturnRequestedV1)
    assert isinstance(asked, i.ReturnRequestedV1)
    assert (asked.actor, asked.comment) == (None, "dead")
    assert await world.count("returns") == 1
    assert await status(world, lead_id) == "return_hold"


async def test_v4_10_proposals_wait_for_a_supervisor(world: World):
    one, two, three = [(await world.accepted())["id"] for _ in range(3)]
    for lead_id, mode, reason in ((one, "ask", REASON), (two, "ask", REASON), (three, "automatic", "unheard of")):
        await world.service.deliver(v.ReturnProposedV1(lead=ref(world, lead_id), mode=mode, reason=reason))
    head = supervisor(world)
    listed = (await world.http.get("/v1/returns?state=proposed", headers=head)).json()["data"]
    assert [(row["lead_id"], row["refusal"]) for row in listed] == [
        (three, "return-reason-unknown"), (two, None), (one, None),
    ]  # fmt: skip
    assert await told(world) == []
    assert await status(world, one) == "accepted"
    assert (await world.http.get("/v1/returns", headers=bearer(world.key))).json()["data"] == []
    assert (await step(world, listed[1]["id"], "confirm", head)).json()["state"] == "requested"
    assert (await step(world, listed[2]["id"], "dismiss", head)).json()["state"] == "dismissed"
    assert (await step(world, listed[2]["id"], "confirm", head)).json()["code"] == "return-not-proposed"
    assert (await step(world, listed[0]["id"], "confirm", head)).json()["code"] == "return-reason-unknown"
    assert (await step(world, listed[0]["id"], "confirm", head, reason="other")).json()["reason"] == "other"
    (direct,) = await ask(world, one)
    assert direct["status"] == "ok"
    assert await told(world) == ["requested"] * 3


async def test_i2_13_a_conversion_on_its_way_ends_the_return(world: World):
    lead_id, return_id = await requested(world)
    about: dict[str, Any] = {"lead": ref(world, lead_id), "received_at": NOW, "agent_id": "usr_a"}
    done = a.LeadConvertedV1(**about, order_id="ord_1", order=Order(number="1", status="completed"))
    await world.service.deliver(done, sequence=4)
    shown = (await world.http.get(f"/v1/returns/{return_id}", headers=supervisor(world))).json()
    assert shown["state"] == "declined"
    assert await status(world, lead_id) == "converted"
    late = await step(world, return_id, "dispute", supervisor(world))
    assert (late.status_code, late.json()["code"]) == (409, "lead-converted")
