"""Replacements in batches, with keys, out of quarantine, and by admins (I2.22)."""

from contracts.events import intake as i
from lead_intake_svc.testing import World, bearer, lead
from lead_intake_svc.testing_returns import read, taken_back


async def test_i2_22_in_a_batch_each_row_has_its_own_result(world: World):
    one, two = await taken_back(world), await taken_back(world)
    rows = [lead(replacement_for=one), lead(), lead(replacement_for=one), lead(replacement_for=two)]
    for headers in ({}, {"Idempotency-Key": "batch"}):
        answer = await world.http.post("/v1/leads/batch", json=rows, headers=bearer(world.key) | headers)
        results = answer.json()["results"]
        assert [result["status"] for result in results] in (
            ["ok", "ok", "failed", "ok"],
            ["skipped"] * 2 + ["failed", "skipped"],
        )
        assert results[2]["code"] == "replacement-exists"
    assert await world.count("replacements") == 2


async def test_i2_22_a_key_that_is_used_again_gives_the_same_answer(world: World):
    original = await taken_back(world)
    body, headers = lead(replacement_for=original), bearer(world.key) | {"Idempotency-Key": "k"}
    answers = [await world.http.post("/v1/leads", json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["Idempotent-Replayed"] == "true"


async def test_i2_22_an_admin_flags_a_lead_and_takes_it_back(world: World):
    original = await taken_back(world)
    one, two = [(await world.accepted())["id"] for _ in range(2)]
    admin, path = world.service.headers(), "/v1/leads/{}/replacement"
    wanted = {"original_id": original}
    flagged = await world.http.put(path.format(one), json=wanted, headers=admin)
    assert flagged.json() == {"original_id": original, "replacement_id": one}
    assert ((await read(world, one))["billable"], (await read(world, one))["replacement_for"]) == (False, original)
    second = await world.http.put(path.format(two), json=wanted, headers=admin)
    assert (second.status_code, second.json()["code"]) == (409, "replacement-exists")
    assert (await world.http.delete(path.format(one), headers=admin)).status_code == 204
    assert (await world.http.delete(path.format(one), headers=admin)).status_code == 404
    assert ((await read(world, one))["billable"], (await read(world, one))["replacement_for"]) == (True, None)
    assert (await world.http.put(path.format(two), json=wanted, headers=admin)).status_code == 200
    told = [type(e) for e in await world.service.published(i.LeadReplacedV1, i.ReplacementUndoneV1)]
    assert told == [i.LeadReplacedV1, i.ReplacementUndoneV1, i.LeadReplacedV1]
    for headers in (world.service.headers("supervisor"), world.service.headers("partner", partner_id=world.partner_id)):
        assert (await world.http.put(path.format(two), json=wanted, headers=headers)).status_code == 403


async def test_i2_22_a_quarantined_replacement_is_told_of_once_it_is_accepted(world: World):
    await world.project(sequence=2, checks={"names": "quarantine"})
    original = await taken_back(world)
    waiting = (await world.push(lead(first_name="Aaaaaa", replacement_for=original))).json()
    assert waiting["status"] == "quarantined", waiting
    assert (await world.push(replacement_for=original)).json()["code"] == "replacement-exists"
    assert await world.service.published(i.LeadReplacedV1) == []
    body = {"decision": "accept", "reason": "a real name"}
    path = f"/v1/leads/{waiting['id']}/decision"
    decided = await world.http.post(path, json=body, headers=world.service.headers())
    assert decided.json()["status"] == "accepted", decided.text
    assert len(await world.service.published(i.LeadReplacedV1)) == 1
    assert (await read(world, waiting["id"]))["billable"] is False
