"""Who sends files for whom, and what of a request is refused (I2.19)."""

import json

from lead_intake_svc.testing import World, bearer
from lead_intake_svc.testing_files import HEADER, csv_of, imported, people, send


async def test_i2_19_a_saved_mapping_belongs_to_its_partner(world: World):
    saved = await world.http.post(
        "/v1/imports/mappings",
        json={"name": "CRM", "columns": {"A": "phone", "B": "last_name", "C": "email"}},
        headers=bearer(world.key),
    )
    assert saved.status_code == 201, saved.text
    mapping_id = saved.json()["id"]
    done = await imported(world, csv_of([["A", "B"], ["0401234567", "Virtanen"]]), mapping_id=mapping_id)
    assert (done["mapping"], done["results"]) == ({"A": "phone", "B": "last_name"}, {"accepted": 1})
    other = bearer(await world.issue(await world.partner(name="Other")))
    foreign = await send(world, b"A\n0401234568\n", other, mapping_id=mapping_id)
    unknown = await send(world, b"A\n0401234568\n", other, mapping_id="map_none")
    assert foreign.status_code == unknown.status_code == 404
    path = f"/v1/imports/mappings/{mapping_id}"
    stale = await world.http.patch(path, json={"name": "X"}, headers=bearer(world.key) | {"If-Match": '"9"'})
    assert stale.status_code == 412
    changed = await world.http.patch(path, json={"name": "X"}, headers=bearer(world.key) | {"If-Match": '"1"'})
    assert (changed.json()["name"], changed.json()["columns"]["A"]) == ("X", "phone")
    assert (await world.http.delete(path, headers=other)).status_code == 404
    assert (await world.http.delete(path, headers=bearer(world.key))).status_code == 204


async def test_i2_19_a_foreign_import_answers_as_an_unknown_one(world: World):
    done = await imported(world, csv_of([HEADER, *people(1)]))
    other = bearer(await world.issue(await world.partner(name="Other")))
    for what in ("", "/rows", "/failures"):
        foreign = await world.http.get(f"/v1/imports/{done['id']}{what}", headers=other)
        unknown = await world.http.get(f"/v1/imports/imp_none{what}", headers=other)
        assert foreign.status_code == unknown.status_code == 404
    for what in ("/start", "/cancel"):
        foreign = await world.http.post(f"/v1/imports/{done['id']}{what}", json={}, headers=other)
        assert foreign.status_code == 404
    assert (await world.http.get("/v1/imports", headers=other)).json()["data"] == []
    agent = world.service.headers("leads_agent")
    assert (await world.http.get("/v1/imports", headers=agent)).status_code == 403


async def test_i2_19_supervisors_send_files_for_a_partner_and_partners_for_themselves(world: World):
    staff = world.service.headers("supervisor")
    content = csv_of([HEADER, *people(1)])
    assert (await send(world, content, staff)).json()["code"] == "partner-missing"
    sent = await send(world, content, staff, partner_id=world.partner_id)
    assert (sent.status_code, sent.json()["partner_id"]) == (201, world.partner_id)
    user = world.service.headers("partner", partner_id=world.partner_id)
    assert (await send(world, content, user, partner_id="ptr_internal")).json()["code"] == "partner-foreign"
    test_key = await world.issue(world.partner_id, test=True)
    tested = await send(world, csv_of([HEADER, *people(1, 50)]), bearer(test_key))
    assert tested.json()["test"] is True
    reading = await world.issue(world.partner_id, scopes=["leads.read"])
    assert (await send(world, content, bearer(reading))).json()["code"] == "scope-missing"
    buyer = await world.partner(name="Buyer", sells_leads=False, buys_leads=True)
    assert (await send(world, content, bearer(await world.issue(buyer)))).json()["code"] == "partner-cannot-sell"


async def test_an_upload_with_the_same_idempotency_key_is_one_import(world: World):
    content, headers = csv_of([HEADER, *people(2)]), bearer(world.key) | {"Idempotency-Key": "file-1"}
    first = await send(world, content, headers)
    again = await send(world, content, headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    other = await send(world, csv_of([HEADER, *people(3)]), headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert (await world.count("imports"), await world.count("import_chunks")) == (1, 1)


async def test_mappings_that_make_no_sense_are_refused(world: World):
    content = csv_of([HEADER, *people(1)])
    for mapping in ({"Puhelin": "shoe_size"}, {"Puhelin": "phone", "Etunimi": "phone"}, {}, {"Etunimi": "first_name"}):
        refused = await send(world, content, mapping=json.dumps(mapping))
        assert refused.status_code == 422, mapping
    assert (await send(world, content, mapping="{")).status_code == 422
    assert (await send(world, content, shoe_size="44")).status_code == 422
    assert (await send(world, content, time_zone="Mars/Olympus")).status_code == 422
    assert await world.count("import_chunks") == 0
