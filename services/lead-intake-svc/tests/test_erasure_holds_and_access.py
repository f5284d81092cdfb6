"""Legal holds and access (I2.27)."""

from typing import Any

import pytest
from contracts.events import assignment as a
from lead_intake_svc.testing import World, bearer, lead
from lead_intake_svc.testing_returns import NOW, erase, ref

PHONE, EMAIL, CANARY = "+358409998877", "canary.person@example.com", "Kanarialintu"


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
