"""Legal holds and access (I2.27)."""

import pytest
from lead_intake_svc.testing import World
from lead_intake_svc.testing_returns import CANARY, EMAIL, PHONE, erase, lived


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
