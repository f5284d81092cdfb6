"""Secrets are shown once; a test goes the way of everything else (N5.6)."""

import logging
from typing import Any

import pytest
from servicekit.testing import ServiceUnderTest

ENDPOINTS = "/v1/webhook-endpoints"
URL = "https://hooks.example.com/in"


async def test_n5_6_secrets_are_shown_once_sealed_in_the_database_and_in_no_log(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any, caplog: pytest.LogCaptureFixture
):
    """Also not in what is kept to answer a repeated request."""
    caplog.set_level(logging.DEBUG)
    body = {"url": hook_sink.url(), "owner_kind": "partner", "owner_id": "ptr_1", "event_types": ["*"]}
    keyed = {"Idempotency-Key": "once"}
    made = await hooks.call("POST", ENDPOINTS, 201, json=body, headers=keyed)
    again = await hooks.call("POST", ENDPOINTS, 201, json=body, headers=keyed)
    assert (again["id"], again["secret"]) == (made["id"], None)
    rotate = f"{ENDPOINTS}/{made['id']}/rotate-secret"
    rotated = await hooks.call("POST", rotate, headers={"Idempotency-Key": "twice"})
    assert (await hooks.call("POST", rotate, headers={"Idempotency-Key": "twice"}))["secret"] is None
    keys = {"kind": "leadwire", "api_key": "lw_live_0123456789abcdef", "target_project_id": "prj_x"}
    await hooks.endpoint(URL, incoming_secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", **keys)
    await service.deliver(make_lead())
    await hooks.settle()
    secrets = [made["secret"], rotated["secret"], keys["api_key"], "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
    for table in ("webhook_endpoints", "webhook_secrets", "webhook_deliveries", "idempotency_keys", "outbox"):
        text = await service.db.pool.fetchval(
            f"SELECT string_agg(t::text || convert_from(coalesce({'body' if table == 'idempotency_keys' else 'NULL'}, "
            f"''::bytea), 'UTF8'), ' ') FROM {table} t"
        )
        assert not any(secret in (text or "") for secret in secrets), table
    shown = await hooks.call("GET", ENDPOINTS)
    assert not any(secret in str(shown) or secret in caplog.text for secret in secrets)


async def test_n5_6_a_test_goes_through_everything_that_a_real_one_does(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any
):
    made = await hooks.endpoint(hook_sink.url())
    entry = await hooks.call("POST", f"{ENDPOINTS}/{made['id']}/test", 202)
    assert (entry["event_type"], entry["state"], entry["purpose"]) == ("webhook.ping.v1", "queued", "test")
    await hooks.settle()
    [post] = hook_sink.posts
    told = post.verified_with(made["secret"])
    assert (told["type"], told["data"]) == ("webhook.ping.v1", {"endpoint_id": made["id"]})
    assert post.webhook_id == entry["id"]
    await hooks.call("PATCH", f"{ENDPOINTS}/{made['id']}", json={"disabled": True})
    assert (await hooks.call("POST", f"{ENDPOINTS}/{made['id']}/test", 409))["code"] == "endpoint-disabled"
