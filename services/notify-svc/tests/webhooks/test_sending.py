"""Conversations with receivers that accept, refuse, redirect, throttle, hang, drip and lie (N5.6)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from contracts.events.notify import WebhookDeliveredV1
from servicekit.testing import ServiceUnderTest
from standardwebhooks.webhooks import WebhookVerificationError

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


async def test_n5_6_a_webhook_is_exactly_as_the_standard_says(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    """Ids, timestamp and signature, verified by the public library; what was delivered is told."""
    endpoint = await hooks.endpoint(hook_sink.url("/in?tenant=7"))
    assert endpoint["secret"].startswith("whsec_")
    await service.deliver(make_lead())
    await hooks.settle()
    [post] = hook_sink.posts
    row = await hooks.row()
    told = post.verified_with(endpoint["secret"])
    assert (post.path, post.headers["host"]) == ("/in?tenant=7", f"127.0.0.1:{hook_sink.port}")
    assert post.headers["content-type"] == "application/json"
    assert (post.webhook_id, told["type"]) == (row["id"], "intake.lead.accepted.v1")
    assert told["data"]["external_id"] == "ext-1"
    assert datetime.fromisoformat(told["timestamp"]).tzinfo is not None
    assert abs(int(post.headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60
    assert post.headers["webhook-signature"].count("v1,") == 1
    assert (row["state"], row["attempts"], row["status_code"]) == ("delivered", 1, 204)
    [event] = await hooks.told(WebhookDeliveredV1)
    assert (event.delivery_id, event.cause_type, event.lead.lead_id) == (row["id"], told["type"], "lead_0001")


async def test_n5_6_while_secrets_are_rotated_both_verify_and_afterwards_the_new_one(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    endpoint = await hooks.endpoint(hook_sink.url())
    rotate = f"/v1/webhook-endpoints/{endpoint['id']}/rotate-secret"
    rotated = await hooks.call("POST", rotate, json={"overlap_hours": 2})
    until = datetime.fromisoformat(rotated["former_valid_until"])
    assert timedelta(hours=1.9) < until - datetime.now(UTC) < timedelta(hours=2.1)
    await service.deliver(make_lead(1))
    await hooks.settle()
    [post] = hook_sink.posts
    assert len(post.headers["webhook-signature"].split(" ")) == 2
    for secret in (endpoint["secret"], rotated["secret"]):
        assert post.verified_with(secret)["type"] == "intake.lead.accepted.v1"
    third = await hooks.call("POST", rotate)
    await service.db.pool.execute("UPDATE webhook_secrets SET expires_at = now() WHERE expires_at IS NOT NULL")
    await service.deliver(make_lead(2))
    await hooks.settle()
    post = hook_sink.posts[-1]
    assert post.verified_with(third["secret"])
    for former in (endpoint["secret"], rotated["secret"]):
        with pytest.raises(WebhookVerificationError):
            post.verified_with(former)
