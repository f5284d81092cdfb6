"""Partner companies (I2.1, I2.7)."""

import asyncpg
import pytest
from contracts.events.intake import PartnerChangedV1, PartnerCreatedV1
from lead_intake_svc.testing import PARTNER, World


async def test_i2_1_all_missing_fields_are_listed_in_one_answer(world: World):
    response = await world.http.post("/v1/partners", json={"email": "no", "x": 1}, headers=world.service.headers())
    assert response.status_code == 422
    pointers = {error["pointer"] for error in response.json()["errors"]}
    assert pointers == {"/name", "/contact_person", "/email", "/x"}


async def test_i2_1_the_internal_partner_is_there_and_stays(world: World):
    admin = world.service.headers()
    internal = (await world.http.get("/v1/partners/ptr_internal", headers=admin)).json()
    assert internal["internal"] is True
    off = await world.http.patch("/v1/partners/ptr_internal", json={"active": False}, headers=admin)
    assert (off.status_code, off.json()["code"]) == (409, "partner-internal")
    with pytest.raises(asyncpg.RaiseError):
        await world.rows("DELETE FROM partners WHERE internal")


async def test_a_partner_is_created_changed_and_told(world: World):
    admin = world.service.headers()
    created = await world.http.post("/v1/partners", json=PARTNER | {"priority": "medium"}, headers=admin)
    partner, tag = created.json(), created.headers["etag"]
    path = f"/v1/partners/{partner['id']}"
    same = await world.http.patch(path, json={"priority": "medium"}, headers=admin | {"If-Match": tag})
    assert same.headers["etag"] == tag
    changed = await world.http.patch(path, json={"priority": "high", "phone": None}, headers=admin | {"If-Match": tag})
    assert changed.json()["priority"] == "high"
    stale = await world.http.patch(path, json={"priority": "low"}, headers=admin | {"If-Match": tag})
    assert stale.status_code in {412, 422}
    stale = await world.http.patch(path, json={"priority": "normal"}, headers=admin | {"If-Match": tag})
    assert stale.status_code == 412
    events = await world.service.published(PartnerCreatedV1, PartnerChangedV1)
    assert [type(event) for event in events[-2:]] == [PartnerCreatedV1, PartnerChangedV1]
    assert isinstance(events[-1], PartnerChangedV1)
    assert events[-1].priority == "high"


async def test_partners_see_themselves_only(world: World):
    other = await world.partner(name="Other")
    own = world.service.headers("partner", partner_id=world.partner_id)
    assert [row["id"] for row in (await world.http.get("/v1/partners", headers=own)).json()["data"]] == [
        world.partner_id
    ]
    foreign = await world.http.get(f"/v1/partners/{other}", headers=own | {"X-Request-Id": "same"})
    unknown = await world.http.get("/v1/partners/ptr_none", headers=own | {"X-Request-Id": "same"})
    assert foreign.status_code == 404
    assert foreign.content == unknown.content
    assert (await world.http.patch(f"/v1/partners/{world.partner_id}", json={}, headers=own)).status_code == 403
    supervisor = world.service.headers("supervisor")
    assert len((await world.http.get("/v1/partners", headers=supervisor)).json()["data"]) == 3
    assert (await world.http.post("/v1/partners", json=PARTNER, headers=supervisor)).status_code == 403


async def test_partners_are_listed_in_pages(world: World):
    for n in range(4):
        await world.partner(name=f"P{n}")
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await world.http.get(f"/v1/partners?limit=2{cursor}", headers=world.service.headers())).json()
        seen += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen)) == 6
