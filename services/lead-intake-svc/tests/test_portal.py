"""A partner's figures (I2.26), and the categories of returned leads (I2.23)."""

from datetime import UTC, datetime
from typing import Any

from contracts.events import assignment as a
from contracts.events.values import LeadRef, Order
from lead_intake_svc.testing import World, bearer, lead

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def returned(world: World) -> tuple[str, str]:
    lead_id = (await world.accepted())["id"]
    body = {"lead_ids": [lead_id], "reason": "wrong number"}
    asked = await world.http.post("/v1/returns", json=body, headers=world.service.headers())
    return_id = asked.json()["results"][0]["id"]
    (await world.http.post(f"/v1/returns/{return_id}/accept", json={}, headers=bearer(world.key))).raise_for_status()
    return lead_id, return_id


async def test_i2_26_rates_of_acceptance_return_and_conversion(world: World):
    gone, _ = await returned(world)
    await world.push(replacement_for=gone)
    converted = (await world.accepted())["id"]
    await world.push(lead(phone="1", email=None))
    await world.push(lead(test=True))
    order = Order(number="1", status="completed")
    ref = LeadRef(lead_id=converted, partner_id=world.partner_id, project_id="prj_a")
    done = a.LeadConvertedV1(lead=ref, received_at=NOW, agent_id="usr_a", order_id="o", order=order)
    await world.service.deliver(done, sequence=4)
    path = f"/v1/partners/{world.partner_id}/performance"
    shown = (await world.http.get(path, headers=bearer(world.key))).json()
    totals: dict[str, Any] = shown["totals"]
    assert {name: value for name, value in totals.items() if value} == {
        "received": 4, "accepted": 3, "rejected": 1, "converted": 1, "returned": 1, "replacements": 1, "billable": 1,
        "acceptance_rate": 0.75, "return_rate": 0.3333, "conversion_rate": 0.3333,
    }  # fmt: skip
    assert sum(period["received"] for period in shown["series"]) == 4
    assert sum(shown["rejected_by_reason"].values()) == 1
    empty = (
        await world.http.get(
            f"{path}?from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z&by=week", headers=bearer(world.key)
        )
    ).json()
    assert (empty["totals"]["received"], empty["totals"]["acceptance_rate"]) == (0, None)
    other = world.service.headers("partner", partner_id=await world.partner(name="Other"))
    assert (await world.http.get(path, headers=other)).status_code == 404
    long = await world.http.get(f"{path}?from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", headers=bearer(world.key))
    assert (long.status_code, long.json()["code"]) == (422, "span-invalid")


async def test_i2_23_admins_make_flags_and_supervisors_set_them_on_returned_leads(world: World):
    admin, head = world.service.headers(), world.service.headers("supervisor")
    made = await world.http.post("/v1/return-flags", json={"name": "Fraud"}, headers=admin)
    flag = made.json()["id"]
    assert (await world.http.post("/v1/return-flags", json={"name": "fraud"}, headers=admin)).status_code == 409
    assert (await world.http.post("/v1/return-flags", json={"name": "x"}, headers=head)).status_code == 403
    other = (await world.http.post("/v1/return-flags", json={"name": "Other"}, headers=admin)).json()["id"]
    path = f"/v1/return-flags/{other}"
    assert (await world.http.patch(path, json={"name": "FRAUD"}, headers=admin)).json()["code"] == "return-flag-exists"
    _, return_id = await returned(world)
    flags = f"/v1/returns/{return_id}/flags"
    assert (await world.http.put(flags, json={"flags": [flag, flag]}, headers=head)).json()["flags"] == [flag]
    assert (await world.http.get(f"/v1/returns?flag={flag}", headers=head)).json()["data"][0]["id"] == return_id
    assert (await world.http.get(f"/v1/returns/{return_id}", headers=bearer(world.key))).json()["flags"] == []
    unknown = await world.http.put(flags, json={"flags": ["rfl_none"]}, headers=head)
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/flags")
    used = await world.http.delete(f"/v1/return-flags/{flag}", headers=admin)
    assert (used.status_code, used.json()["code"]) == (409, "return-flag-used")
    off = await world.http.patch(f"/v1/return-flags/{flag}", json={"active": False}, headers=admin)
    assert off.json()["active"] is False
    assert (await world.http.put(flags, json={"flags": [flag]}, headers=head)).status_code == 200
    assert (await world.http.delete(path, headers=admin)).status_code == 204
    open_lead = (await world.accepted())["id"]
    body = {"lead_ids": [open_lead], "reason": "other"}
    asked = (await world.http.post("/v1/returns", json=body, headers=head)).json()["results"][0]["id"]
    early = await world.http.put(f"/v1/returns/{asked}/flags", json={"flags": []}, headers=head)
    assert (early.status_code, early.json()["code"]) == (409, "lead-not-returned")
