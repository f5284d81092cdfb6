"""`POST /v1/leads/batch`."""

import asyncio
import json
from typing import Any

import httpx2
import pytest
from contracts.events.intake import LeadAcceptedV1
from lead_intake_svc.testing import World, bearer, lead


async def push(world: World, rows: Any, **headers: str) -> httpx2.Response:
    content = rows if isinstance(rows, bytes) else json.dumps(rows).encode()
    sent = {"Content-Type": "application/json"} | bearer(world.key) | headers
    return await world.http.post("/v1/leads/batch", content=content, headers=sent)


async def test_every_row_has_its_own_result_in_order(world: World):
    good, twin = lead(phone="+358401112223"), lead(phone="+358401112223")
    rows = [good, lead(phone="12", email=None), lead(x=1), twin, good, lead(project_id="prj_none"), 7, lead()]
    results = (await push(world, rows)).json()["results"]
    assert [result["index"] for result in results] == list(range(8))
    shown = [(result["status"], result.get("lead_status"), result.get("code")) for result in results]
    assert shown == [
        ("ok", "accepted", None),
        ("ok", "rejected", "phone-invalid"),
        ("failed", None, "validation-failed"),
        ("ok", "rejected", "duplicate"),
        ("skipped", "accepted", "unchanged"),
        ("failed", None, "project-unknown"),
        ("failed", None, "validation-failed"),
        ("ok", "accepted", None),
    ]
    assert results[2]["errors"][0]["pointer"] == "/x"
    assert results[3]["duplicate_of"] == results[0]["id"] == results[4]["id"]
    assert await world.count("leads") == 4


async def test_a_thousand_rows_and_the_same_again(world: World):
    rows = [lead() for _ in range(1000)]
    first = (await push(world, rows)).json()["results"]
    again = (await push(world, rows)).json()["results"]
    assert {result["status"] for result in first} == {"ok"}
    assert {result["status"] for result in again} == {"skipped"}
    assert [result["id"] for result in first] == [result["id"] for result in again]
    assert len(await world.service.published(LeadAcceptedV1)) == 1000


async def test_ndjson_rows_stand_and_fall_alone(world: World):
    lines = [json.dumps(lead()).encode(), b'{"external_id": ', b"", b'{"first_name": "\\u0000"}', b"\xff"]
    response = await push(world, b"\n".join(lines) + b"\n", **{"Content-Type": "application/x-ndjson"})
    results = response.json()["results"]
    assert [(result["status"], result.get("code")) for result in results] == [
        ("ok", None),
        ("failed", "json-invalid"),
        ("failed", "json-nul"),
        ("failed", "body-not-utf-8"),
    ]


@pytest.mark.parametrize(
    ("rows", "status", "code"),
    [
        ([], 422, "batch-size"),
        ({"a": 1}, 422, "batch-not-a-list"),
        ([{}] * 1001, 422, "batch-size"),
        (b"[{}", 400, "json-invalid"),
        (b" " * (4 * 1024 * 1024 + 1), 413, "body-too-large"),
    ],
)
async def test_what_is_no_batch_is_refused_whole(world: World, rows: Any, status: int, code: str):
    response = await push(world, rows)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert await world.count("leads") == 0


async def test_an_idempotency_key_gives_the_first_results_again(world: World):
    rows = [lead() for _ in range(3)]
    first = await push(world, rows, **{"Idempotency-Key": "b1"})
    again = await push(world, rows, **{"Idempotency-Key": "b1"})
    assert first.content == again.content
    assert again.headers["idempotent-replayed"] == "true"


async def test_a_retry_with_the_same_key_changes_nothing_and_another_body_is_refused(world: World):
    rows = [lead() for _ in range(3)]
    first = await push(world, rows, **{"Idempotency-Key": "b2"})
    await world.rows("UPDATE leads SET status = 'rejected', reason = 'x', location = NULL RETURNING 1")
    again = await push(world, rows, **{"Idempotency-Key": "b2"})
    assert again.content == first.content
    assert (await world.count("leads"), len(await world.service.published(LeadAcceptedV1))) == (3, 3)
    other = await push(world, [*rows, lead()], **{"Idempotency-Key": "b2"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert await world.count("leads") == 3


async def test_many_batches_with_keys_at_once_do_not_starve_each_other_of_connections(world: World):
    batches = [[lead() for _ in range(20)] for _ in range(30)]
    sent = [push(world, rows, **{"Idempotency-Key": f"at-once-{n}"}) for n, rows in enumerate(batches)]
    responses = await asyncio.gather(*sent)
    assert {response.status_code for response in responses} == {200}
    assert await world.count("leads") == 600


async def test_the_same_batch_twice_at_once_is_told_to_wait_or_given_the_first_answer(world: World):
    rows = [lead() for _ in range(50)]
    responses = await asyncio.gather(*(push(world, rows, **{"Idempotency-Key": "twins"}) for _ in range(5)))
    assert {response.status_code for response in responses} <= {200, 409}
    first = await push(world, rows, **{"Idempotency-Key": "twins"})
    assert first.headers["idempotent-replayed"] == "true"
    assert {response.content for response in responses if response.status_code == 200} == {first.content}
    assert (await world.count("leads"), {result["status"] for result in first.json()["results"]}) == (50, {"ok"})


async def test_ndjson_with_windows_line_ends_and_a_key_gives_the_same_answer_again(world: World):
    body = b"\r\n".join(json.dumps(lead()).encode() for _ in range(3)) + b"\r\n"
    headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": "lines"}
    first = await push(world, body, **headers)
    assert [result["status"] for result in first.json()["results"]] == ["ok"] * 3
    assert (await push(world, body, **headers)).content == first.content
