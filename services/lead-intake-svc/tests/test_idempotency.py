"""`Idempotency-Key` on the group-committed push."""

import asyncio
from typing import Any

import httpx2
from contracts.events.intake import LeadAcceptedV1
from lead_intake_svc.testing import World, bearer, lead


async def push(world: World, body: dict[str, Any], key: str) -> httpx2.Response:
    return await world.http.post("/v1/leads", json=body, headers=bearer(world.key) | {"Idempotency-Key": key})


async def test_the_same_key_and_body_get_the_first_answer_again(world: World):
    body = lead()
    first, again = await push(world, body, "k1"), await push(world, body, "k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert len(await world.service.published(LeadAcceptedV1)) == 1


async def test_the_same_key_with_another_body_is_refused(world: World):
    await push(world, lead(), "k1")
    other = await push(world, lead(), "k1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert await world.count("leads") == 1


async def test_fifty_at_once_make_one_lead(world: World):
    body = lead()
    responses = await asyncio.gather(*(push(world, body, "k1") for _ in range(50)))
    codes = {response.status_code for response in responses}
    assert codes <= {201, 409}
    assert all(r.headers["retry-after"] == "1" for r in responses if r.status_code == 409)
    assert len({r.json()["id"] for r in responses if r.status_code == 201}) == 1
    assert await world.count("leads") == 1
    assert await world.count("idempotency_keys") == 1


async def test_a_key_on_a_repeated_lead_keeps_its_answer_too(world: World):
    body = lead()
    await world.push(body)
    first, again = await push(world, body, "k2"), await push(world, body, "k2")
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.headers["idempotent-replayed"] == "true"


async def test_keys_of_different_callers_never_meet(world: World):
    await push(world, lead(), "k1")
    other = await world.issue(await world.partner(name="Other"))
    response = await world.http.post("/v1/leads", json=lead(), headers=bearer(other) | {"Idempotency-Key": "k1"})
    assert response.status_code == 201


async def test_an_error_is_not_kept(world: World):
    body = lead(project_id="prj_later")
    assert (await push(world, body, "k1")).status_code == 422
    await world.project("prj_later")
    assert (await push(world, body, "k1")).status_code == 201


async def test_overlong_keys_are_refused(world: World):
    assert (await push(world, lead(), "x" * 256)).json()["code"] == "idempotency-key-invalid"
