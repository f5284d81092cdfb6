"""Duplicates (I2.15)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from contracts.events.sponsor import DuplicateRules
from lead_intake_svc.testing import World, lead


async def with_rule(world: World, project_id: str = "prj_a", sponsor_id: str | None = None, **rule: Any) -> None:
    rules = DuplicateRules(**rule)
    sequence = 2 if project_id == "prj_a" else 1
    await world.project(project_id, sequence=sequence, duplicates=rules, sponsor_id=sponsor_id)


async def statuses(world: World, *bodies: dict[str, Any]) -> list[str]:
    return [(await world.push(body)).json()["status"] for body in bodies]


PHONE, MAIL = "+358401112223", "same@example.com"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("phone", ["accepted", "rejected", "accepted"]),
        ("email", ["accepted", "accepted", "rejected"]),
        ("both", ["accepted", "rejected", "rejected"]),
    ],
)
async def test_i2_15_by_phone_email_or_both(world: World, fields: str, expected: list[str]):
    await with_rule(world, fields=fields)
    bodies = [lead(phone=PHONE, email=MAIL), lead(phone="040 111 2223"), lead(email="Same@Example.com")]
    assert await statuses(world, *bodies) == expected


@pytest.mark.parametrize(
    ("scope", "same_partner_elsewhere", "other_partner_here", "other_sponsor"),
    [
        ("partner", "rejected", "accepted", "rejected"),
        ("project", "accepted", "rejected", "accepted"),
        ("sponsor", "rejected", "rejected", "accepted"),
        ("all", "rejected", "rejected", "rejected"),
    ],
)
async def test_i2_15_in_the_scope_of_the_rule(
    world: World, scope: str, same_partner_elsewhere: str, other_partner_here: str, other_sponsor: str
):
    await with_rule(world, "prj_a", "spo_1", scope=scope)
    await with_rule(world, "prj_b", "spo_1", scope=scope)
    await with_rule(world, "prj_c", "spo_2", scope=scope)
    other = await world.issue(await world.partner(name="Other"))
    assert await statuses(world, lead(phone=PHONE)) == ["accepted"]
    assert (await world.push(lead(phone=PHONE), key=other)).json()["status"] == other_partner_here
    assert await statuses(world, lead(phone=PHONE, project_id="prj_c")) == [other_sponsor]
    if other_partner_here == "rejected":
        assert await statuses(world, lead(phone=PHONE, project_id="prj_b")) == [same_partner_elsewhere]


async def test_i2_15_within_a_window_that_moves(world: World):
    await with_rule(world, window_days=30)
    first = await world.accepted(phone=PHONE)
    older = "UPDATE lead_identities SET received_at = received_at - $1::interval"
    await world.rows(older, timedelta(days=30, hours=-1))
    assert await statuses(world, lead(phone=PHONE)) == ["rejected"]
    await world.rows(older, timedelta(hours=1))
    second = await world.accepted(phone=PHONE)
    again = (await world.push(lead(phone=PHONE))).json()
    assert (again["status"], again["duplicate_of"]) == ("rejected", second["id"])
    assert second["id"] != first["id"]


async def test_i2_15_without_end_or_not_at_all(world: World):
    await with_rule(world, "prj_ever", window_days=None)
    await with_rule(world, "prj_never", window_days=0)
    await world.accepted(phone=PHONE, project_id="prj_ever")
    await world.rows("UPDATE lead_identities SET received_at = received_at - $1::interval", timedelta(days=9999))
    assert await statuses(world, lead(phone=PHONE, project_id="prj_ever")) == ["rejected"]
    many = [lead(phone=PHONE, project_id="prj_never") for _ in range(3)]
    assert await statuses(world, *many) == ["accepted"] * 3


@pytest.mark.parametrize(("action", "status"), [("quarantine", "quarantined"), ("accept", "accepted")])
async def test_i2_15_may_be_quarantined_or_linked(world: World, action: str, status: str):
    await with_rule(world, action=action)
    first = await world.accepted(phone=PHONE)
    second = (await world.push(lead(phone=PHONE))).json()
    assert (second["status"], second["duplicate_of"]) == (status, first["id"])
    assert [problem["code"] for problem in second["problems"]] == ["duplicate"]
    (row,) = await world.rows("SELECT duplicate_of FROM leads WHERE id = $1", second["id"])
    assert row["duplicate_of"] == first["id"]


async def test_i2_15_the_existing_lead_is_named_to_its_own_partner_only(world: World):
    await with_rule(world, scope="all")
    first = await world.accepted(phone=PHONE)
    other_id = await world.partner(name="Other")
    body, key = lead(phone=PHONE), await world.issue(other_id)
    refused = (await world.push(body, key=key)).json()
    assert (refused["status"], refused["reason"], refused["duplicate_of"]) == ("rejected", "duplicate", None)
    assert first["id"] not in str(refused)
    assert (await world.push(body, key=key)).json() == refused
    seen = world.service.headers("partner", partner_id=other_id)
    assert first["id"] not in (await world.http.get(f"/v1/leads/{refused['id']}", headers=seen)).text
    admin = await world.http.get(f"/v1/leads/{refused['id']}", headers=world.service.headers())
    assert admin.json()["duplicate_of"] == first["id"]


async def test_i2_15_a_hundred_simultaneous_copies_give_exactly_one_lead(world: World):
    """In one process: many of them meet inside one group-commit batch, the rest in neighbouring batches."""
    responses = await asyncio.gather(*(world.push(lead(phone=PHONE)) for _ in range(100)))
    answers = [response.json() for response in responses]
    accepted = [answer["id"] for answer in answers if answer["status"] == "accepted"]
    assert len(accepted) == 1
    assert {answer["duplicate_of"] for answer in answers if answer["status"] == "rejected"} == set(accepted)
    assert await world.count("leads") == 100


async def test_i2_16_a_hundred_copies_with_one_external_id_are_one_lead(world: World):
    body = lead()
    responses = await asyncio.gather(*(world.push(body) for _ in range(100)))
    assert sorted({response.status_code for response in responses}) == [200, 201]
    assert len({response.json()["id"] for response in responses}) == 1
    assert await world.count("leads") == 1


async def test_a_rejected_duplicate_does_not_renew_the_window(world: World):
    await with_rule(world, window_days=30)
    await world.accepted(phone=PHONE)
    await world.push(lead(phone=PHONE))
    assert len(await world.rows("SELECT 1 FROM lead_identities WHERE kind = 'phone'")) == 1
