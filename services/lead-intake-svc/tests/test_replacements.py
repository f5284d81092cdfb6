"""Replacements (I2.22): who may come in whose stead, once, and what it costs."""

import asyncio
from typing import Any

from contracts.events import intake as i
from contracts.events import validation as v
from contracts.events.values import LeadRef
from lead_intake_svc.testing import World, bearer, lead


async def taken_back(world: World, **changes: Any) -> str:
    """A lead whose return was accepted."""
    lead_id = (await world.accepted(**changes))["id"]
    body = {"lead_ids": [lead_id], "reason": "wrong number"}
    asked = await world.http.post("/v1/returns", json=body, headers=world.service.headers())
    path = f"/v1/returns/{asked.json()['results'][0]['id']}/accept"
    (await world.http.post(path, json={}, headers=bearer(world.key))).raise_for_status()
    return str(lead_id)


async def read(world: World, lead_id: str) -> dict[str, Any]:
    return dict((await world.http.get(f"/v1/leads/{lead_id}", headers=world.service.headers())).json())


async def test_i2_22_a_replacement_is_not_billed_and_told_once(world: World):
    original = await taken_back(world, external_id="first")
    body = lead(replacement_for="first")
    first, again = await world.push(body), await world.push(body)
    assert (first.status_code, again.status_code, first.json()["id"]) == (201, 200, again.json()["id"])
    shown = await read(world, first.json()["id"])
    assert (shown["replacement_for"], shown["billable"]) == (original, False)
    (told,) = await world.service.published(i.LeadReplacedV1)
    assert isinstance(told, i.LeadReplacedV1)
    assert (told.lead.lead_id, told.replacement_id) == (original, first.json()["id"])
    *_, accepted = await world.service.published(i.LeadAcceptedV1)
    assert isinstance(accepted, i.LeadAcceptedV1)
    assert (accepted.billable, accepted.replacement_for) == (False, original)
    grown = await world.push(body | {"comments": "more", "replacement_for": None})
    assert grown.status_code == 200
    assert (await read(world, first.json()["id"]))["replacement_for"] == original


async def test_i2_22_what_may_not_be_replaced(world: World):
    kept = (await world.accepted())["id"]
    other = await world.issue(await world.partner(name="Other"))
    await world.noticed()
    theirs = (await world.push(key=other)).json()["id"]
    body = lead()
    original = await taken_back(world, **body)
    tried = {
        "lead_none": (422, "replacement-unknown"),
        theirs: (422, "replacement-unknown"),
        kept: (409, "replacement-not-returned"),
    }
    for name, expected in tried.items():
        answer = await world.push(replacement_for=name)
        assert (answer.status_code, answer.json()["code"]) == expected
    same = await world.push(body | {"external_id": "new", "replacement_for": original})
    assert (same.status_code, same.json()["errors"][0]["pointer"]) == (422, "/replacement_for")
    assert same.json()["code"] == "replacement-same-person"
    assert (await world.push(replacement_for=original)).status_code == 201
    late = await world.push(replacement_for=original)
    assert (late.status_code, late.json()["code"]) == (409, "replacement-exists")
    assert await world.count("replacements") == 1


async def test_i2_22_a_rejected_replacement_opens_the_slot_again(world: World):
    original = await taken_back(world)
    rejected = await world.push(lead(phone="1", email=None, replacement_for=original))
    assert rejected.json()["status"] == "rejected"
    assert await world.count("replacements") == 0
    second = (await world.push(replacement_for=original)).json()
    assert second["status"] == "accepted"
    ref = LeadRef(lead_id=second["id"], partner_id=world.partner_id, project_id="prj_a")
    await world.service.deliver(v.CaseRejectedV1(lead=ref, attempts=1), sequence=2)
    assert (await world.push(replacement_for=original)).json()["status"] == "accepted"


async def test_i2_22_twenty_at_once_give_one_replacement(world: World):
    original = await taken_back(world)
    answers = await asyncio.gather(*(world.push(replacement_for=original) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert len(await world.service.published(i.LeadReplacedV1)) == 1
    assert await world.count("leads") == 2


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
    told = [type(e) for e in await world.service.published(i.LeadReplacedV1, i.LeadReplacementUndoneV1)]
    assert told == [i.LeadReplacedV1, i.LeadReplacementUndoneV1, i.LeadReplacedV1]
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
