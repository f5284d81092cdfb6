"""Bad input to `POST /v1/leads`: a problem document with code and pointer, nothing echoed, nothing stored."""

import json
from typing import Any

import pytest
from lead_intake_svc.testing import World, bearer, lead

SECRET = "Zq9-never-echo"


def changed(**changes: Any) -> bytes:
    return json.dumps(lead(first_name=SECRET) | changes).encode()


CASES = [
    (b'{"external_id": "1", ', 400, "json-invalid", None),
    (b"", 400, "json-invalid", None),
    (b'{"external_id": "a", "external_id": "b"}', 400, "json-duplicate-key", None),
    (b'{"external_id": "\xff\xfe"}', 400, "body-not-utf-8", None),
    (b'{"first_name": "a\\u0000b"}', 400, "json-nul", None),
    (b'{"first_name": "\\ud800"}', 400, "json-surrogate", None),
    (b'{"custom": {"a": NaN}}', 400, "json-not-finite", None),
    (b'{"custom": {"a": 1e999}}', 400, "json-not-finite", None),
    (b'{"custom": {"a": 123456789012345678901234567890}}', 400, "json-not-finite", None),
    (b'{"custom": ' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"}", 400, "json-too-deep", None),
    (b"[]", 422, "validation-failed", ""),
    (b'"text"', 422, "validation-failed", ""),
    (changed(surprise="x"), 422, "validation-failed", "/surprise"),
    (changed(phone=358401234567), 422, "validation-failed", "/phone"),
    (changed(first_name=["x"]), 422, "validation-failed", "/first_name"),
    (changed(first_name=SECRET * 50), 422, "validation-failed", "/first_name"),
    (changed(location="moon"), 422, "validation-failed", "/location"),
    (changed(test="yes"), 422, "validation-failed", "/test"),
    (changed(external_id=""), 422, "validation-failed", "/external_id"),
    (changed(consent={"given_at": "2026-01-01T00:00:00"}), 422, "validation-failed", "/consent/given_at"),
    (changed(consent={"given_at": "2026-01-01T00:00:00Z", "ip": SECRET}), 422, "validation-failed", "/consent/ip"),
    (
        changed(order={"number": "1", "status": "partial", "items": [{"product_code": "a", "quantity": True}]}),
        422,
        "validation-failed",
        "/order/items/0/quantity",
    ),
    (changed(custom={str(n): n for n in range(101)}), 422, "validation-failed", "/custom"),
    (changed(comments="x" * 300_000), 413, "body-too-large", None),
]


@pytest.mark.parametrize(("body", "status", "code", "pointer"), CASES)
async def test_bad_bodies_are_refused(world: World, body: bytes, status: int, code: str, pointer: str | None):
    headers = bearer(world.key) | {"Content-Type": "application/json"}
    response = await world.http.post("/v1/leads", content=body, headers=headers)
    document = response.json()
    assert (response.status_code, document["code"]) == (status, code), document
    assert response.headers["content-type"] == "application/problem+json"
    assert document["request_id"] == response.headers["x-request-id"]
    if pointer is not None:
        assert pointer in [error["pointer"] for error in document["errors"]]
    assert SECRET not in response.text
    assert await world.count("leads") == 0
    assert await world.count("outbox") == 1  # the partner's own creation


async def test_all_missing_and_wrong_fields_are_listed_at_once(world: World):
    document = (await world.push({"phone": 1, "x": 2})).json()
    pointers = {error["pointer"] for error in document["errors"]}
    assert pointers == {"/external_id", "/project_id", "/phone", "/x"}


async def test_another_media_type_is_refused(world: World):
    headers = bearer(world.key) | {"Content-Type": "text/plain"}
    response = await world.http.post("/v1/leads", content=b"{}", headers=headers)
    assert (response.status_code, response.json()["code"]) == (415, "media-type-unsupported")


async def test_i2_14_only_good_keys_open(world: World):
    cut, swapped = world.key[:-1], world.key.swapcase()
    mistyped = world.key[:40] + ("a" if world.key[40] != "a" else "b") + world.key[41:]
    for authorization in ("", "Bearer", f"Basic {world.key}", *(f"Bearer {key}" for key in (cut, swapped, mistyped))):
        response = await world.http.post("/v1/leads", json=lead(), headers={"Authorization": authorization})
        assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")
    people = await world.http.post("/v1/leads", json=lead(), headers=world.service.headers())
    assert people.status_code == 401
    assert await world.count("leads") == 0
