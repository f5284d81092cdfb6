"""`/v1/webhook-endpoints` and `/v1/webhook-deliveries` over HTTP, and who may do what (N5.6)."""

from typing import Any

import pytest
from servicekit.testing import ServiceUnderTest

ENDPOINTS = "/v1/webhook-endpoints"
DELIVERIES = "/v1/webhook-deliveries"
URL = "https://hooks.example.com/in"


async def test_n5_6_an_endpoint_is_made_read_changed_and_deleted(service: ServiceUnderTest, hooks: Any):
    made = await hooks.endpoint(URL, "intake.lead.*", description="CRM of the partner")
    path = f"{ENDPOINTS}/{made['id']}"
    answer = await service.http.get(path, headers=service.headers())
    shown = answer.json()
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    assert (shown["owner_kind"], shown["owner_id"], shown["disabled"], shown["failures"]) == (
        "partner", "ptr_1", False, 0,
    )  # fmt: skip
    tag = answer.headers["etag"]
    changed = await hooks.call("PATCH", path, json={"event_types": ["*"]}, headers={"If-Match": tag})
    assert (changed["event_types"], changed["version"]) == (["*"], 2)
    stale = await hooks.call("PATCH", path, 412, json={"url": URL}, headers={"If-Match": tag})
    assert stale["code"] == "version-stale"
    same = await hooks.call("PATCH", path, json={"event_types": ["*"]})
    assert same["version"] == 2
    disabled = await hooks.call("PATCH", path, json={"disabled": True})
    assert (disabled["disabled_reason"], disabled["disabled_at"] is not None) == ("asked", True)
    enabled = await hooks.call("PATCH", path, json={"disabled": False})
    assert (enabled["disabled_reason"], enabled["disabled_at"]) == (None, None)
    await hooks.call("DELETE", path, 204)
    await hooks.call("GET", path, 404)
    await hooks.call("DELETE", path, 404)
    assert (await hooks.call("GET", ENDPOINTS))["data"] == []
    assert await service.db.pool.fetchval("SELECT count(*) FROM webhook_secrets") == 0


async def test_n5_6_pages_show_every_endpoint_once(service: ServiceUnderTest, hooks: Any):
    made = [(await hooks.endpoint(f"{URL}/{number}"))["id"] for number in range(5)]
    await hooks.endpoint(URL, owner_kind="crm", owner_id=None)
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2, "owner_kind": "partner", "owner_id": "ptr_1"}
    while True:
        page = await hooks.call("GET", ENDPOINTS, params=query)
        seen += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == sorted(made, reverse=True)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"url": "ftp://hooks.example.com/"}, "url-not-allowed"),
        ({"url": "https://user:hunter2@example.com/"}, "url-not-allowed"),
        ({"url": "https://example.com:25/"}, "url-not-allowed"),
        ({"event_types": ["intake.leads.*"]}, "validation-failed"),
        ({"event_types": ["identity.*"]}, "validation-failed"),
        ({"owner_kind": "crm", "owner_id": "crm_1"}, "owner-id-wrong"),
        ({"owner_kind": "sponsor", "owner_id": None}, "owner-id-wrong"),
        ({"owner_kind": None, "owner_id": None}, "owner-required"),
        ({"owner_kind": "agent"}, "validation-failed"),
        ({"kind": "leadwire"}, "required"),
        ({"api_key": "lw_live_0123456789abcdef"}, "not-a-leadwire"),
        ({"incoming_secret": "not a webhook secret"}, "secret-invalid"),
        ({"secret": "whsec_chosen"}, "validation-failed"),
        ({"failures": 0}, "validation-failed"),
    ],
)
async def test_n5_6_odd_endpoints_are_refused(service: ServiceUnderTest, hooks: Any, fields: Any, code: str):
    chosen = {"url": URL} | fields
    answer = await hooks.endpoint(chosen.pop("url"), status=422, **chosen)
    assert answer["code"] == code
    assert "hunter2" not in str(answer)
