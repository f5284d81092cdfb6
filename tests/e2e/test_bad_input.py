"""Bad input gets a problem document with code and pointer, repeats nothing of what was sent, and stores nothing."""

import json
from typing import Any

import pytest
from harness.centre import Centre
from harness.eventually import eventually
from harness.people import lead

CANARY = "canary-7f3a"


def body(project_id: str, /, **more: Any) -> dict[str, Any]:
    return {**lead(7, project_id), **more}


CASES: dict[str, tuple[Any, int, str, str | None]] = {
    "unknown field": ({CANARY: CANARY}, 422, "validation-failed", f"/{CANARY}"),
    "wrong type": ({"first_name": [CANARY]}, 422, "validation-failed", "/first_name"),
    "server-owned field": ({"status": CANARY}, 422, "validation-failed", "/status"),
    "unknown location": ({"location": CANARY}, 422, "validation-failed", "/location"),
    "unknown project": ({"project_id": f"prj_{CANARY}"}, 422, "project-unknown", "/project_id"),
    "negative quantity": (
        {"order": {"number": CANARY, "status": "partial", "items": [{"product_code": "x", "quantity": -1}]}},
        422,
        "validation-failed",
        "/order/items/0/quantity",
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_a_bad_field_is_pointed_at(centre: Any, case: str) -> None:
    here: Centre = await centre()
    await here.partners[0].post("/v1/leads", lead(1, here.project_id))
    change, status, code, pointer = CASES[case]
    answer = await here.partners[0].request("POST", "/v1/leads", json=body(here.project_id, **change))
    document = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, document["code"]) == (status, code)
    if pointer is not None:
        assert pointer in [error["pointer"] for error in document["errors"]]
    told = json.dumps({**document, "errors": [{**error, "pointer": ""} for error in document["errors"]]})
    assert CANARY not in told
    await nothing_stored(here)


RAW: dict[str, tuple[bytes, int, str]] = {
    "broken JSON": (b'{"first_name": ', 400, "json-invalid"),
    "invalid UTF-8": (b'{"first_name": "\xff\xfe"}', 400, "body-not-utf-8"),
    "NUL": (rb'{"first_name": "a\u0000b"}', 400, "json-nul"),
    "duplicate key": (b'{"first_name": "a", "first_name": "b"}', 400, "json-duplicate-key"),
    "NaN": (b'{"custom": {"a": NaN}}', 400, "json-not-finite"),
    "lone surrogate": (rb'{"first_name": "\ud800"}', 400, "json-surrogate"),
    "too deep": (b'{"custom":' + b'{"a":' * 60 + b"1" + b"}" * 61, 400, "json-too-deep"),
    "too large": (b'{"comments": "' + b"x" * 9_000_000 + b'"}', 413, "body-too-large"),
    "no JSON object": (b"[1, 2]", 422, "validation-failed"),
}


@pytest.mark.parametrize("case", RAW)
async def test_a_bad_body_is_refused(centre: Any, case: str) -> None:
    here: Centre = await centre()
    content, status, code = RAW[case]
    answer = await here.partners[0].request(
        "POST", "/v1/leads", content=content, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["request_id"]
    await nothing_stored(here)


async def test_keys_that_are_none_are_refused(centre: Any, api: Any) -> None:
    """I2.14: wrong, malformed, missing and revoked keys: 401, nothing stored."""
    here: Centre = await centre()
    partner = here.partner_ids[0]
    made = await here.admin.post(f"/v1/partners/{partner}/api-keys", {"name": "short-lived"})
    await here.admin.request("DELETE", f"/v1/partners/{partner}/api-keys/{made['id']}")

    async def revoked() -> None:
        answer = await api.with_token(made["key"]).request("POST", "/v1/leads", json=body(here.project_id))
        assert answer.status_code == 401

    await eventually(revoked)
    wrong = made["key"][:-1] + ("a" if made["key"][-1] != "a" else "b")
    for key in (wrong, "lw_live_nonsense", "lw_live_" + "x" * 500, "garbage"):
        answer = await api.with_token(key).request("POST", "/v1/leads", json=body(here.project_id))
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    answer = await api.request("POST", "/v1/leads", json=body(here.project_id))
    assert answer.status_code == 401
    await nothing_stored(here)


async def test_a_passive_partner_and_a_passive_project_are_refused(centre: Any) -> None:
    """I2.2, S0.8: with their own codes, and nothing stored."""
    here: Centre = await centre(partners=2)
    await here.partners[0].post("/v1/leads", lead(1, here.project_id))
    await here.admin.patch(f"/v1/partners/{here.partner_ids[1]}", {"active": False})

    async def inactive() -> None:
        answer = await here.partners[1].request("POST", "/v1/leads", json=body(here.project_id))
        assert (answer.status_code, answer.json().get("code")) == (403, "partner-inactive")

    await eventually(inactive)
    await here.admin.post(f"/v1/projects/{here.project_id}/passivate")

    async def passive() -> None:
        answer = await here.partners[0].request("POST", "/v1/leads", json=lead(9, here.project_id))
        assert (answer.status_code, answer.json().get("code")) == (409, "campaign-passive")

    await eventually(passive)


async def test_an_identity_from_outside_is_worth_nothing(api: Any) -> None:
    """The gateway strips it; without it nobody is signed in."""
    answer = await api.request("GET", "/v1/users", headers={"X-Leadwire-Identity": "e30.e30.e30"})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def nothing_stored(here: Centre) -> None:
    found = await here.admin.get("/v1/leads", project_id=here.project_id, external_id="lead-7")
    assert found["data"] == []
