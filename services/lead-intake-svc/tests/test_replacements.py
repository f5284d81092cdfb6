"""Replacements that partners push (I2.22): who may come in whose stead, once."""

import asyncio

from contracts.events import intake as i
from contracts.events import validation as v
from contracts.events.values import LeadRef
from lead_intake_svc.testing import World, lead
from lead_intake_svc.testing_returns import read, taken_back


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
    third = (await world.push(replacement_for=original)).json()
    assert third["status"] == "accepted"
    assert len(await world.service.published(i.LeadReplacedV1)) == 2
    (undone,) = await world.service.published(i.ReplacementUndoneV1)
    assert isinstance(undone, i.ReplacementUndoneV1)
    assert (undone.lead.lead_id, undone.replacement_id) == (original, second["id"])


async def test_i2_22_twenty_at_once_give_one_replacement(world: World):
    original = await taken_back(world)
    answers = await asyncio.gather(*(world.push(replacement_for=original) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert len(await world.service.published(i.LeadReplacedV1)) == 1
    assert await world.count("leads") == 2
