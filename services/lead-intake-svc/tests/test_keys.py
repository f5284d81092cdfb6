"""Partner keys (I2.14)."""

import asyncio
import time

from lead_intake_svc.app import build
from lead_intake_svc.keys.key_format import digest, key_id_of, make_key
from lead_intake_svc.testing import PEPPER, World, bearer, lead, settings_for
from servicekit.testing import http_client


async def test_i2_14_a_key_is_shown_once_and_stored_as_a_keyed_hash(world: World):
    path = f"/v1/partners/{world.partner_id}/api-keys"
    issued = (await world.http.post(path, json={"name": "shop"}, headers=world.service.headers())).json()
    key = issued["key"]
    assert key.startswith("lw_live_")
    assert key_id_of(key) == issued["id"]
    listed = await world.http.get(path, headers=world.service.headers())
    assert [entry["name"] for entry in listed.json()["data"] if entry["id"] == issued["id"]] == ["shop"]
    assert key not in listed.text
    (row,) = await world.rows("SELECT * FROM partner_keys WHERE id = $1", issued["id"])
    assert row["digest"] == digest(PEPPER.encode(), key)
    assert key not in str(dict(row))
    assert digest(b"another pepper", key) != row["digest"]


def test_i2_14_no_two_keys_are_alike_and_mistakes_show():
    keys = [make_key(test=False).text for _ in range(1000)]
    assert len(set(keys)) == 1000
    key = keys[0]
    for place in range(8, len(key)):
        if key[place] != "_":
            assert key_id_of(key[:place] + ("2" if key[place] != "2" else "3") + key[place + 1 :]) is None
    assert key_id_of("") is None
    assert key_id_of("lw_live_" + "ä" * 70) is None


async def test_i2_14_a_revoked_key_stops_everywhere_within_five_seconds(world: World):
    elsewhere = await build(settings_for(world.service.dsn))
    async with http_client(elsewhere) as other:
        assert (await other.post("/v1/leads", json=lead(), headers=bearer(world.key))).status_code == 201
        path = f"/v1/partners/{world.partner_id}/api-keys/{key_id_of(world.key)}"
        revoked = await world.http.delete(path, headers=world.service.headers())
        assert revoked.status_code == 204
        started = time.monotonic()
        while (await other.post("/v1/leads", json=lead(), headers=bearer(world.key))).status_code != 401:
            assert time.monotonic() - started < 5
            await asyncio.sleep(0.05)
        assert (await world.http.delete(path, headers=world.service.headers())).status_code == 404
    await elsewhere.close()


async def test_i2_14_scopes_limit_a_key(world: World):
    reader = await world.issue(world.partner_id, scopes=["leads.read"])
    writer = await world.issue(world.partner_id, scopes=["leads.write"])
    refused = await world.push(key=reader)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope-missing")
    assert (await world.push(key=writer)).status_code == 201
    assert (await world.http.get("/v1/leads", headers=bearer(writer))).status_code == 403
    assert len((await world.http.get("/v1/leads", headers=bearer(reader))).json()["data"]) == 1


async def test_keys_are_the_business_of_admins(world: World):
    path = f"/v1/partners/{world.partner_id}/api-keys"
    for level in ("supervisor", "partner", "leads_agent", "sponsor", "call_centre"):
        headers = world.service.headers(level, partner_id=world.partner_id, sponsor_id="spo_1")
        assert (await world.http.post(path, json={}, headers=headers)).status_code == 403
    own = world.service.headers("partner", partner_id=world.partner_id)
    foreign = world.service.headers("partner", partner_id="ptr_other")
    assert (await world.http.get(path, headers=own)).status_code == 200
    assert (await world.http.get(path, headers=foreign)).status_code == 404


async def test_i2_14_a_rotated_key_works_beside_the_new_one_until_it_ends(world: World):
    old = await world.issue(world.partner_id, name="shop", scopes=["leads.write"], test=True)
    path = f"/v1/partners/{world.partner_id}/api-keys/{key_id_of(old)}/rotate"
    rotated = await world.http.post(path, json={"keep_old_hours": 1}, headers=world.service.headers())
    assert rotated.status_code == 201, rotated.text
    new = rotated.json()
    assert (new["name"], new["scopes"], new["test"], new["expires_at"]) == ("shop", ["leads.write"], True, None)
    assert new["key"].startswith("lw_test_")
    for key in (old, new["key"]):
        assert (await world.push(key=key)).status_code == 201
    await world.rows("UPDATE partner_keys SET expires_at = now() - interval '1 s' WHERE id = $1", key_id_of(old))
    await world.rows("UPDATE change_counters SET version = version + 1 WHERE name = 'keys'")
    await world.noticed()
    assert (await world.push(key=old)).status_code == 401
    assert (await world.push(key=new["key"])).status_code == 201
    assert (await world.http.post(path, json={}, headers=world.service.headers())).status_code == 404
    at_once = path.replace(str(key_id_of(old)), new["id"])
    assert (
        await world.http.post(at_once, json={"keep_old_hours": 0}, headers=world.service.headers())
    ).status_code == 201
    await world.noticed()
    assert (await world.push(key=new["key"])).status_code == 401
    foreign = at_once.replace(world.partner_id, "ptr_internal")
    assert (await world.http.post(foreign, json={}, headers=world.service.headers())).status_code == 404
    assert (await world.http.post(path, json={}, headers=world.service.headers("supervisor"))).status_code == 403


async def test_i2_14_a_repeat_says_that_the_key_was_made_and_does_not_show_it_again(world: World):
    """Nor is it in the database meanwhile: who lost the answer makes another, or rotates it."""
    path = f"/v1/partners/{world.partner_id}/api-keys"
    headers = world.service.headers() | {"Idempotency-Key": "once"}
    first, again = [await world.http.post(path, json={"name": "shop"}, headers=headers) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json() | {"key": None}
    assert again.headers["idempotent-replayed"] == "true"
    rotated = await world.http.post(
        f"{path}/{first.json()['id']}/rotate", json={}, headers=headers | {"Idempotency-Key": "x"}
    )
    assert await world.traces(first.json()["key"], rotated.json()["key"]) == []
