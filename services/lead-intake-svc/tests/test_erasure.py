"""Erasure (I2.27): nothing is left, receipts complete it, replays bring nothing back."""

from typing import Any
from uuid import uuid4

from contracts.events import assignment as a
from contracts.events import identity
from contracts.events import intake as i
from contracts.events import notify as n
from contracts.events import sponsor as s
from contracts.events import validation as v
from contracts.masking import names
from lead_intake_svc.testing import World, bearer, lead
from lead_intake_svc.testing_returns import CANARY, EMAIL, NOW, PHONE, erase, lived, ref

SERVICES = (
    a.ErasureCompletedV1, identity.ErasureCompletedV1, n.ErasureCompletedV1, s.ErasureCompletedV1, v.ErasureCompletedV1,
)  # fmt: skip


async def test_i2_27_nothing_of_the_person_is_left_in_any_table(world: World):
    lead_id, _ = await lived(world)
    refused = (await world.push(lead(phone=PHONE, email="other@example.com", last_name=CANARY))).json()
    assert refused["status"] == "rejected"
    assert len(await world.traces(CANARY, PHONE, EMAIL)) > 5
    await world.rows("DELETE FROM outbox")  # they have been sent
    answer = await erase(world, phone=PHONE, email=EMAIL)
    assert answer.status_code == 201, answer.text
    assert answer.json()["lead_ids"] == sorted([lead_id, refused["id"]])
    assert await world.traces(CANARY, PHONE, PHONE[1:], EMAIL, "192.0.2.1") == []
    shown = (await world.http.get(f"/v1/leads/{lead_id}", headers=world.service.headers())).json()
    assert (shown["status"], shown["first_name"], shown["phone"], shown["consent"]) == ("erased", None, None, None)
    assert (await world.http.get("/v1/leads?status=erased", headers=world.service.headers())).json()["data"] != []


async def test_i2_27_done_when_every_service_has_given_its_receipt(world: World):
    lead_id, _ = await lived(world)
    erasure = (await erase(world, email=EMAIL.upper())).json()
    assert (erasure["state"], [receipt["service"] for receipt in erasure["receipts"]]) == ("running", ["intake"])
    (asked,) = await world.service.published(i.ErasureRequestedV1)
    assert isinstance(asked, i.ErasureRequestedV1)
    assert (asked.erasure_id, asked.lead_ids) == (erasure["id"], [lead_id])
    assert names(f"<{EMAIL}>", asked.person)
    for count, receipt in enumerate(SERVICES, start=1):
        for _ in range(2):
            await world.service.deliver(receipt(erasure_id=erasure["id"], removed={"dead_letters": count}))
        path = f"/v1/erasures/{erasure['id']}"
        shown = (await world.http.get(path, headers=world.service.headers())).json()
        assert (shown["state"] == "completed") is (count == len(SERVICES))
        assert len(shown["receipts"]) == count + 1
    (told,) = await world.service.published(i.LeadErasedV1)
    assert isinstance(told, i.LeadErasedV1)
    assert (told.lead.lead_id, told.lead.partner_id, told.erasure_id) == (lead_id, world.partner_id, erasure["id"])


async def test_i2_27_whom_intake_does_not_know_others_may(world: World):
    """Contacts that a CRM announced are people in sponsor-svc before they are leads."""
    erasure = (await erase(world, phone=PHONE)).json()
    assert (erasure["state"], erasure["lead_ids"]) == ("running", [])
    (asked,) = await world.service.published(i.ErasureRequestedV1)
    assert isinstance(asked, i.ErasureRequestedV1)
    assert names(f"0{PHONE[4:]}", asked.person)
    for receipt in SERVICES:
        await world.service.deliver(receipt(erasure_id=erasure["id"]))
    path = f"/v1/erasures/{erasure['id']}"
    assert (await world.http.get(path, headers=world.service.headers())).json()["state"] == "completed"
    assert await world.service.published(i.LeadErasedV1) == []
    assert await world.traces(PHONE, PHONE[1:]) == []


async def test_i2_27_a_replay_does_not_resurrect(world: World):
    lead_id, body = await lived(world)
    await world.rows("DELETE FROM outbox")
    await erase(world, phone=PHONE)
    about: dict[str, Any] = {"lead": ref(world, lead_id), "received_at": NOW, "agent_id": "usr_a"}
    late = a.LeadResolvedV1(**about, disposition_id="dsp_1", disposition="No", note=f"{CANARY} again")
    await world.service.deliver(late, sequence=9, message_id=uuid4())
    proposed = v.ReturnProposedV1(lead=ref(world, lead_id), mode="automatic", reason="wrong number", note=CANARY)
    await world.service.deliver(proposed)
    repeated = await world.push(body)
    assert (repeated.status_code, repeated.json()["code"]) == (409, "lead-finished")
    assert await world.traces(CANARY, PHONE) == []
    assert (await world.http.get(f"/v1/leads/{lead_id}", headers=world.service.headers())).json()["status"] == "erased"
    asked = {"lead_ids": [lead_id], "reason": "wrong number"}
    result = (await world.http.post("/v1/returns", json=asked, headers=world.service.headers())).json()["results"][0]
    assert result["code"] == "lead-erased"


async def test_i2_27_an_open_return_is_still_answered_and_keeps_nothing(world: World):
    lead_id = (await world.push(lead(phone=PHONE, last_name=CANARY))).json()["id"]
    body = {"lead_ids": [lead_id], "reason": "wrong number", "comment": CANARY}
    asked = await world.http.post("/v1/returns", json=body, headers=world.service.headers())
    await world.rows("DELETE FROM outbox")
    await erase(world, phone=PHONE)
    path = f"/v1/returns/{asked.json()['results'][0]['id']}"
    answer = {"answer": f"{CANARY} moved"}
    declined = await world.http.post(f"{path}/decline", json=answer, headers=bearer(world.key))
    assert (declined.json()["state"], declined.json()["answer"]) == ("declined", None)
    shown = (await world.http.get(f"/v1/leads/{lead_id}", headers=world.service.headers())).json()
    assert (shown["status"], await world.traces(CANARY, PHONE)) == ("erased", [])


async def test_i2_27_the_person_stays_suppressed_by_a_keyed_hash(world: World):
    _, body = await lived(world)
    await erase(world, phone=PHONE)
    again = (await world.push(lead(phone=PHONE))).json()
    assert (again["status"], again["reason"]) == ("rejected", "suppressed")
    other = (await world.push(body | {"external_id": "x9", "phone": "+358401110055"})).json()
    assert other["status"] == "accepted"
