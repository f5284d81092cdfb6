"""Erasure, access and legal holds (I2.27)."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from contracts.events import assignment as a
from contracts.events import identity
from contracts.events import intake as i
from contracts.events import notify as n
from contracts.events import sponsor as s
from contracts.events import validation as v
from contracts.events.values import LeadRef
from lead_intake_svc.testing import World, bearer, lead

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PHONE, EMAIL, CANARY = "+358409998877", "canary.person@example.com", "Kanarialintu"
SERVICES = (
    a.ErasureCompletedV1, identity.ErasureCompletedV1, n.ErasureCompletedV1, s.ErasureCompletedV1, v.ErasureCompletedV1,
)  # fmt: skip


def ref(world: World, lead_id: str) -> LeadRef:
    return LeadRef(lead_id=lead_id, partner_id=world.partner_id, project_id="prj_a")


async def erase(world: World, **body: Any) -> Any:
    return await world.http.post("/v1/erasures", json=body, headers=world.service.headers())


async def traces(world: World, *words: str) -> list[str]:
    """The tables whose rows hold one of the words, as text or inside of bytes."""
    tables = await world.rows("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
    found: list[str] = []
    for table in (row["name"] for row in tables):
        for word in words:
            text = f"SELECT EXISTS (SELECT FROM {table} AS t WHERE t::text ILIKE $1 OR t::text LIKE $2)"
            if await world.service.db.pool.fetchval(text, f"%{word}%", f"%{word.encode().hex()}%"):
                found.append(f"{table}: {word}")
    return sorted(found)


async def lived(world: World) -> tuple[str, dict[str, Any]]:
    """A lead of the person that was changed, called, returned with comments, and told of."""
    body = lead(
        phone="+358401110000", email=EMAIL, last_name=CANARY, comments=f"ask for {CANARY}", external_id="x1",
        consent={"given_at": "2026-01-01T00:00:00Z", "text": f"I, {CANARY}", "ip": "192.0.2.1"},
    )  # fmt: skip
    headers = bearer(world.key) | {"Idempotency-Key": "k1"}
    lead_id = (await world.http.post("/v1/leads", json=body, headers=headers)).json()["id"]
    body["phone"] = PHONE
    assert (await world.push(body)).status_code == 200
    about: dict[str, Any] = {"lead": ref(world, lead_id), "received_at": NOW, "agent_id": "usr_a"}
    note = a.LeadResolvedV1(**about, disposition_id="dsp_1", disposition="No", note=f"{CANARY} hung up")
    await world.service.deliver(note, sequence=3)
    wanted = {"lead_ids": [lead_id], "reason": "wrong number", "comment": f"{CANARY} is not there"}
    asked = await world.http.post("/v1/returns", json=wanted, headers=world.service.headers())
    path = f"/v1/returns/{asked.json()['results'][0]['id']}/decline"
    key = bearer(world.key) | {"Idempotency-Key": "k2"}
    (await world.http.post(path, json={"answer": f"{CANARY} answered us"}, headers=key)).raise_for_status()
    return lead_id, body


async def test_i2_27_nothing_of_the_person_is_left_in_any_table(world: World):
    lead_id, _ = await lived(world)
    refused = (await world.push(lead(phone=PHONE, email="other@example.com", last_name=CANARY))).json()
    assert refused["status"] == "rejected"
    assert len(await traces(world, CANARY, PHONE, EMAIL)) > 5
    await world.rows("DELETE FROM outbox")  # they have been sent
    answer = await erase(world, phone=PHONE, email=EMAIL)
    assert answer.status_code == 201, answer.text
    assert answer.json()["lead_ids"] == sorted([lead_id, refused["id"]])
    assert await traces(world, CANARY, PHONE, PHONE[1:], EMAIL, "192.0.2.1") == []
    shown = (await world.http.get(f"/v1/leads/{lead_id}", headers=world.service.headers())).json()
    assert (shown["status"], shown["first_name"], shown["phone"], shown["consent"]) == ("erased", None, None, None)
    assert (await world.http.get("/v1/leads?status=erased", headers=world.service.headers())).json()["data"] != []


async def test_i2_27_done_when_every_service_has_given_its_receipt(world: World):
    lead_id, _ = await lived(world)
    erasure = (await erase(world, email=EMAIL.upper())).json()
    assert (erasure["state"], [receipt["service"] for receipt in erasure["receipts"]]) == ("running", ["intake"])
    (asked,) = await world.service.published(i.ErasureRequestedV1)
    assert asked == i.ErasureRequestedV1(erasure_id=erasure["id"], lead_ids=[lead_id])
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
    again = (await erase(world, email=EMAIL)).json()
    assert (again["state"], again["lead_ids"]) == ("completed", [])


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
    assert await traces(world, CANARY, PHONE) == []
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
    assert (shown["status"], await traces(world, CANARY, PHONE)) == ("erased", [])


async def test_i2_27_the_person_stays_suppressed_by_a_keyed_hash(world: World):
    _, body = await lived(world)
    await erase(world, phone=PHONE)
    again = (await world.push(lead(phone=PHONE))).json()
    assert (again["status"], again["reason"]) == ("rejected", "suppressed")
    other = (await world.push(body | {"external_id": "x9", "phone": "+358401110055"})).json()
    assert other["status"] == "accepted"


async def test_i2_27_a_legal_hold_blocks_with_its_reason(world: World):
    lead_id, _ = await lived(world)
    admin = world.service.headers()
    holds = [{"lead_id": lead_id, "reason": "Court file 12/26"}, {"email": EMAIL.upper(), "reason": "Complaint 7"}]
    ids = [(await world.http.post("/v1/erasures/holds", json=hold, headers=admin)).json()["id"] for hold in holds]
    blocked = await erase(world, phone=PHONE, email=EMAIL)
    assert (blocked.status_code, blocked.json()["code"]) == (409, "legal-hold")
    assert {hold["reason"] for hold in blocked.json()["holds"]} == {"Court file 12/26", "Complaint 7"}
    assert EMAIL not in (await world.http.get("/v1/erasures/holds?live=true", headers=admin)).text
    for hold_id in ids:
        assert (await world.http.delete(f"/v1/erasures/holds/{hold_id}", headers=admin)).status_code == 200
        assert (await world.http.delete(f"/v1/erasures/holds/{hold_id}", headers=admin)).status_code == 404
    assert (await erase(world, phone=PHONE, email=EMAIL)).status_code == 201
    assert await world.count("legal_holds") == 0


async def test_i2_27_access_gives_everything_and_says_what_it_covers(world: World):
    lead_id, _ = await lived(world)
    stranger = await world.accepted(last_name="Stranger")
    headers = world.service.headers() | {"Idempotency-Key": "access"}
    answer = await world.http.post("/v1/erasures/access", json={"phone": PHONE}, headers=headers)
    assert answer.headers["content-disposition"] == 'attachment; filename="personal-data.json"'
    found = answer.json()
    assert [row["id"] for row in found["leads"]] == [lead_id]
    assert found["leads"][0]["content"]["consent"]["ip"] == "192.0.2.1"
    assert found["earlier_versions"][0]["before"]["phone"] == "+358401110000"
    assert {row["event"] for row in found["timeline"]} >= {"assignment.lead.resolved.v1", "intake.return.requested.v1"}
    assert found["returns"][0]["answer"] == f"{CANARY} answered us"
    assert "recordings" in found["coverage"]
    assert stranger["id"] not in answer.text
    kept = await world.rows("SELECT FROM idempotency_keys WHERE position('hung up'::bytea IN body) > 0")
    assert kept == []


@pytest.mark.parametrize("path", ["", "/access", "/holds"])
async def test_i2_27_admins_only_and_somebody_must_be_named(world: World, path: str):
    body = {"phone": PHONE, **({"reason": "x"} if path == "/holds" else {})}
    for level in ("supervisor", "leads_agent", "partner", "sponsor", "call_centre", "integration"):
        headers = world.service.headers(level, partner_id=world.partner_id, sponsor_id="spo_1")
        assert (await world.http.post(f"/v1/erasures{path}", json=body, headers=headers)).status_code == 403
    nobody = await world.http.post(f"/v1/erasures{path}", json={}, headers=world.service.headers())
    assert nobody.status_code == 422
    wrong = await world.http.post(f"/v1/erasures{path}", json=body | {"phone": "12"}, headers=world.service.headers())
    assert wrong.status_code == 422
    assert (await world.http.get("/v1/erasures/ers_none", headers=world.service.headers())).status_code == 404
