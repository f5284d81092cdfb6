"""What comes in is read strictly, and errors tell nothing of it: problem documents everywhere."""

import json
from typing import Any

import pytest
from servicekit.testing import ServiceUnderTest

SECRET = "s3cr3t-value"


async def post(service: ServiceUnderTest, body: bytes | str, **headers: str):
    return await service.http.post(
        "/v1/things", content=body, headers=service.headers() | {"Content-Type": "application/json"} | headers
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"name": "a", "name": "b"}', "json-duplicate-key"),
        ('{"name": "a", "custom": {"x": {"y": 1, "y": 2}}}', "json-duplicate-key"),
        ('{"name": "a", "size": NaN}', "json-not-finite"),
        ('{"name": "a", "custom": {"x": -Infinity}}', "json-not-finite"),
        ('{"name": "a", "custom": {"x": 1e999}}', "json-not-finite"),
        ('{"name": "a", "number": 9223372036854775808}', "json-not-finite"),
        ('{"name": "a", "number": ' + "9" * 5000 + "}", "json-not-finite"),
        ('{"name": "a\\u0000b"}', "json-nul"),
        ('{"name": "a", "custom": {"x\\u0000": 1}}', "json-nul"),
        ('{"name": "\\ud800"}', "json-surrogate"),
        ('{"name": "a\0b"}', "json-invalid"),
        ('{"name": "a"', "json-invalid"),
        ("[" * 50_000, "json-invalid"),
        ('{"name": "a", "custom": {"x": ' + "[" * 40 + "]" * 40 + "}}", "json-too-deep"),
        (b'{"name": "\xff"}', "body-not-utf-8"),
    ],
)
async def test_odd_json_is_refused(service: ServiceUnderTest, body: bytes | str, code: str):
    answer = await post(service, body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "change",
    [
        {"name": SECRET * 10},
        {"name": {SECRET: SECRET}},
        {"number": SECRET},
        {"number": 1.5},
        {"way": {"kind": SECRET}},
        {"way": SECRET},
        {"crash": SECRET},
        {"name": f"{SECRET}", "crash": True},
    ],
)
async def test_errors_never_repeat_what_was_sent(
    service: ServiceUnderTest, change: dict[str, Any], caplog: pytest.LogCaptureFixture
):
    answer = await post(service, json.dumps({"name": "a"} | change))
    assert answer.status_code in {422, 500}
    assert SECRET not in answer.text
    assert set(answer.json()) == {"type", "title", "status", "code", "detail", "request_id", "errors"}
    assert SECRET not in "".join(record.getMessage() for record in caplog.records)
    assert not await service.published()


async def test_unknown_fields_are_named_but_not_at_length(service: ServiceUnderTest):
    answer = await post(service, json.dumps({"name": "a", "surprise": 1, "x" * 5000: 2}))
    assert answer.status_code == 422
    assert answer.json()["errors"][0] == {
        "pointer": "/surprise",
        "code": "extra-forbidden",
        "detail": "Extra inputs are not permitted",
    }
    assert len(answer.content) < 1500


async def test_bodies_over_the_limit_are_refused_with_and_without_a_length(service: ServiceUnderTest):
    body = json.dumps({"name": "a", "custom": {"x": "y" * 100_000}}).encode()

    async def pieces():
        for start in range(0, len(body), 10_000):
            yield body[start : start + 10_000]

    declared = await post(service, body)
    headers = service.headers() | {"Content-Type": "application/json"}
    chunked = await service.http.post("/v1/things", content=pieces(), headers=headers)
    keyed = await service.http.post("/v1/things", content=pieces(), headers=headers | {"Idempotency-Key": "k"})
    assert "content-length" not in chunked.request.headers
    for answer in (declared, chunked, keyed):
        assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/things/a%00b", 400),
        ("/v1/things?cursor=%00", 400),
        ("/v1/things/x?q=99999", 422),
        ("/v1/nothing", 404),
        ("/v1/things/", 404),
        ("/v1/things?limit=0", 422),
        ("/v1/things?limit=101", 422),
    ],
)
async def test_odd_addresses_get_problem_documents(service: ServiceUnderTest, path: str, status: int):
    answer = await service.http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status


async def test_a_method_that_is_not_there_is_a_405(service: ServiceUnderTest):
    answer = await service.http.delete("/v1/things")
    assert (answer.status_code, answer.json()["code"], answer.json()["status"]) == (405, "method-not-allowed", 405)
    assert answer.headers["allow"]


async def test_an_unexpected_error_is_a_500_that_tells_nothing(service: ServiceUnderTest):
    answer = await post(service, json.dumps({"name": SECRET, "crash": True}), **{"X-Request-Id": "mine-1"})
    assert (answer.status_code, answer.json()["code"], answer.json()["request_id"]) == (500, "unexpected", "mine-1")
    assert await service.db.pool.fetchval("SELECT count(*) FROM things") == 0


@pytest.mark.parametrize(
    ("given", "status"), [('"3"', 200), ('W/"3"', 200), ('"1", "3"', 200), ("*", 200), ('"2"', 412)]
)
async def test_if_match(service: ServiceUnderTest, given: str, status: int):
    answer = await service.http.patch("/v1/things/x", headers={"If-Match": given})
    assert answer.status_code == status


@pytest.mark.parametrize(
    "cursor",
    ["x", "W10", "WzFd", "WyJhIl0", "WyJhXHUwMDAwIiwxXQ", "WyJhIiw5OTk5OTk5OTk5OTk5OTk5OTk5OV0", "é", "A" * 501],
)
async def test_forged_cursors_are_refused(service: ServiceUnderTest, cursor: str):
    answer = await service.http.get("/v1/things", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "?cursor")


async def test_lists_are_walked_by_cursor(service: ServiceUnderTest):
    for number in range(5):
        assert (await post(service, json.dumps({"name": str(number)}))).status_code == 201
    names: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await service.http.get("/v1/things", params=cursor)).json()
        names += [thing["name"] for thing in page["data"]]
        if not page["has_more"]:
            assert page["next_cursor"] is None
            break
        cursor = {"cursor": page["next_cursor"]}
    assert names == ["0", "1", "2", "3", "4"]


async def test_answers_are_not_kept_on_the_way_nor_guessed_at(service: ServiceUnderTest):
    for path in ("/v1/things", "/v1/nothing", "/v1/things?limit=0"):
        headers = (await service.http.get(path)).headers
        assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")
