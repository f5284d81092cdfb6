"""Consent: its evidence, and its end (I2.25)."""

from typing import Any

from contracts.events.intake import ConsentRevokedV1
from lead_intake_svc.testing import World, bearer, lead

CONSENT = {
    "given_at": "2026-01-01T10:00:00Z",
    "text": "I agree to be called.",
    "ip": "192.0.2.7",
    "source_url": "https://example.com/offer",
    "certificate_url": "https://certs.example.com/1",
}


async def revoke(world: World, path: str, headers: dict[str, str], **body: str) -> tuple[int, dict[str, Any]]:
    response = await world.http.post(f"/v1/leads/{path}", json=body or None, headers=headers)
    return response.status_code, response.json()


async def test_i2_25_the_evidence_is_kept_with_the_lead(world: World):
    pushed = await world.accepted(consent=CONSENT)
    shown = (await world.http.get(f"/v1/leads/{pushed['id']}", headers=bearer(world.key))).json()
    assert {name: shown["consent"][name] for name in CONSENT} == CONSENT
    assert shown["consent_revoked_at"] is None


async def test_i2_25_a_revoked_consent_is_told_once(world: World):
    pushed = await world.accepted(consent=CONSENT)
    status, first = await revoke(world, f"{pushed['id']}/consent/revoke", world.service.headers())
    assert (status, first["lead_id"]) == (200, pushed["id"])
    assert await revoke(world, f"{pushed['id']}/consent/revoke", bearer(world.key)) == (200, first)
    (event,) = await world.service.published(ConsentRevokedV1)
    assert isinstance(event, ConsentRevokedV1)
    assert (event.lead.lead_id, event.actor) == (pushed["id"], "usr_test")
    shown = (await world.http.get(f"/v1/leads/{pushed['id']}", headers=bearer(world.key))).json()
    assert shown["consent_revoked_at"] == first["revoked_at"]
    entries = (await world.http.get(f"/v1/leads/{pushed['id']}/timeline", headers=world.service.headers())).json()
    assert [entry["event"] for entry in entries["data"]] == ["intake.consent.revoked.v1", "intake.lead.accepted.v1"]


async def test_i2_25_by_the_person_for_all_leads_that_the_caller_may_see(world: World):
    await world.project("prj_b")
    other = await world.issue(await world.partner(name="Other"))
    for project in ("prj_a", "prj_b"):
        await world.accepted(phone="+358401112223", project_id=project)
    await world.project("prj_c")
    assert (await world.push(lead(phone="+358401112223", project_id="prj_c"), key=other)).status_code == 201
    body = {"kind": "phone", "value": "040 111 2223", "region": "FI"}
    path = "consent/revoke"
    assert await revoke(world, path, bearer(other), **body) == (200, {"leads": 1})
    assert await revoke(world, path, world.service.headers("integration"), **body) == (200, {"leads": 2})
    assert await revoke(world, path, world.service.headers(), **body) == (200, {"leads": 0})
    assert len(await world.service.published(ConsentRevokedV1)) == 3
    nobody = {"kind": "email", "value": "nobody@example.com"}
    assert await revoke(world, path, world.service.headers(), **nobody) == (200, {"leads": 0})


async def test_i2_25_is_for_staff_and_for_the_partner_whose_lead_it_is(world: World):
    pushed = await world.accepted(consent=CONSENT)
    other = await world.issue(await world.partner(name="Other"))
    path = f"{pushed['id']}/consent/revoke"
    foreign, unknown = await revoke(world, path, bearer(other)), await revoke(world, "x/consent/revoke", bearer(other))
    assert foreign[0] == unknown[0] == 404
    assert foreign[1] | {"request_id": ""} == unknown[1] | {"request_id": ""}
    for level in ("sponsor", "leads_agent", "call_centre"):
        headers = world.service.headers(level, sponsor_id="spo_1")
        assert (await revoke(world, path, headers))[0] == 403
    assert await world.service.published(ConsentRevokedV1) == []
