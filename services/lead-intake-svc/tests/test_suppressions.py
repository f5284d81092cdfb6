"""Suppression lists (I2.18)."""

import asyncio
from typing import Any

import pytest
from contracts.events.intake import LeadAcceptedV1, SuppressionAddedV1, SuppressionRemovedV1
from contracts.events.sponsor import DuplicateRules
from lead_intake_svc.testing import World, lead

PHONE = "+358401112223"


async def suppress(world: World, kind: str, value: str, **more: Any) -> dict[str, Any]:
    body = {"kind": kind, "value": value, **more}
    response = await world.http.post("/v1/suppressions", json=body, headers=world.service.headers())
    assert response.status_code in {200, 201}, response.text
    return dict(response.json())


@pytest.mark.parametrize(
    ("kind", "value", "body"),
    [
        ("phone", "+358 40 111 2223", {"phone": "0401112223"}),
        ("email", "Gone@Example.com", {"email": "gone@example.com"}),
        ("domain", "@example.org", {"email": "anybody@example.org"}),
    ],
)
async def test_i2_18_suppressed_people_are_refused_until_they_are_removed(
    world: World, kind: str, value: str, body: dict[str, str]
):
    entry = await suppress(world, kind, value)
    refused = (await world.push(lead(**body))).json()
    assert (refused["status"], refused["reason"]) == ("rejected", "suppressed")
    path = f"/v1/suppressions/{entry['id']}"
    assert (await world.http.delete(path, headers=world.service.headers())).status_code == 204
    assert (await world.http.delete(path, headers=world.service.headers())).status_code == 404
    await world.accepted(**body)
    events = await world.service.published(SuppressionAddedV1, SuppressionRemovedV1)
    assert [type(event) for event in events] == [SuppressionAddedV1, SuppressionRemovedV1]


async def test_i2_18_scopes_reach_as_far_as_they_say(world: World):
    await world.project("prj_s1", sponsor_id="spo_1")
    await world.project("prj_s2", sponsor_id="spo_2")
    await suppress(world, "phone", "+358401112221", scope="sponsor", scope_id="spo_1")
    await suppress(world, "phone", "+358401112222", scope="project", scope_id="prj_s2")
    expected = {
        ("+358401112221", "prj_s1"): "rejected",
        ("+358401112221", "prj_s2"): "accepted",
        ("+358401112222", "prj_s1"): "accepted",
        ("+358401112222", "prj_s2"): "rejected",
    }
    for (phone, project), status in expected.items():
        assert (await world.push(lead(phone=phone, project_id=project))).json()["status"] == status


async def test_i2_17_the_level_is_the_projects(world: World):
    await suppress(world, "phone", PHONE)
    for level, status in (("quarantine", "quarantined"), ("warn", "accepted"), ("off", "accepted")):
        await world.project(f"prj_{level}", checks={"suppression": level})
        answer = (await world.push(lead(phone=PHONE, project_id=f"prj_{level}"))).json()
        assert answer["status"] == status
        assert [problem["code"] for problem in answer["problems"]] == ([] if level == "off" else ["suppressed"])


async def test_adding_twice_is_adding_once(world: World):
    first = await suppress(world, "email", "a@example.com")
    again = await suppress(world, "email", "A@EXAMPLE.com")
    assert first == again
    assert len(await world.service.published(SuppressionAddedV1)) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "phone", "value": "12"}, "/value"),
        ({"kind": "phone", "value": "0401112223"}, "/value"),
        ({"kind": "email", "value": "nobody"}, "/value"),
        ({"kind": "domain", "value": "no domain"}, "/value"),
        ({"kind": "fax", "value": "1"}, "/kind"),
        ({"kind": "email", "value": "a@example.com", "scope": "sponsor"}, ""),
        ({"kind": "email", "value": "a@example.com", "scope_id": "spo_1"}, ""),
    ],
)
async def test_bad_suppressions_are_refused(world: World, body: dict[str, str], pointer: str):
    response = await world.http.post("/v1/suppressions", json=body, headers=world.service.headers())
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


async def test_suppressions_are_the_business_of_staff(world: World):
    for level in ("partner", "sponsor", "leads_agent", "call_centre"):
        headers = world.service.headers(level, partner_id="ptr_1", sponsor_id="spo_1")
        assert (await world.http.get("/v1/suppressions", headers=headers)).status_code == 403
    await suppress(world, "phone", "0401112223", region="FI")
    found = await world.http.post(
        "/v1/suppressions/search", json={"kind": "phone", "value": PHONE}, headers=world.service.headers()
    )
    assert [row["value"] for row in found.json()["data"]] == [PHONE]


async def test_i2_18_whether_a_person_is_suppressed_is_asked_without_naming_them_in_the_address(world: World):
    """However the value is written, and though the person was erased since."""
    await suppress(world, "email", "maija@example.com")
    await suppress(world, "phone", PHONE)
    (await world.http.post("/v1/erasures", json={"phone": PHONE}, headers=world.service.headers())).raise_for_status()

    async def found(kind: str, value: str, **more: str) -> list[str]:
        body = {"kind": kind, "value": value, **more}
        answer = await world.http.post("/v1/suppressions/search", json=body, headers=world.service.headers())
        assert answer.status_code == 200, answer.text
        return [row["value"][:6] for row in answer.json()["data"]]

    assert await found("email", "MAIJA@Example.com") == ["maija@"]
    assert await found("phone", f"0{PHONE[4:]}", region="FI") == ["keyed:"]
    assert await found("phone", "+358409999999") == []
    wrong = {"kind": "phone", "value": "nobody"}
    refused = await world.http.post("/v1/suppressions/search", json=wrong, headers=world.service.headers())
    assert refused.status_code == 422
    agent = await world.http.post("/v1/suppressions/search", json=wrong, headers=world.service.headers("leads_agent"))
    assert agent.status_code == 403


async def test_i2_18_no_lead_slips_past_a_suppression_that_was_there_first(world: World):
    """While leads stream in, a phone is suppressed: whatever is answered after that was decided knowing it."""

    async def push_until_refused() -> int:
        accepted = 0
        while True:
            phone_given = suppressed.is_set()
            answer = (await world.push(lead(phone=PHONE, project_id="prj_free"))).json()
            if answer["status"] == "rejected":
                return accepted
            assert not phone_given
            accepted += 1

    await world.project("prj_free", duplicates=DuplicateRules(window_days=0))
    suppressed = asyncio.Event()
    pushing = [asyncio.create_task(push_until_refused()) for _ in range(8)]
    while not await world.service.published(LeadAcceptedV1):  # noqa: ASYNC110 -- asks the database
        await asyncio.sleep(0.01)
    await suppress(world, "phone", PHONE)
    suppressed.set()
    assert sum(await asyncio.gather(*pushing)) == len(await world.service.published(LeadAcceptedV1))
