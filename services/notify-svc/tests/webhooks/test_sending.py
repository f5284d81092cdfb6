"""Conversations with receivers that accept, refuse, redirect, throttle, hang, drip and lie (N5.6)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from contracts.events.notify import AlarmRaisedV1, WebhookDeliveredV1, WebhookExhaustedV1
from servicekit.testing import ServiceUnderTest
from standardwebhooks.webhooks import WebhookVerificationError

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


def reply(status: int, body: bytes = b"", **headers: str) -> bytes:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Said So\r\n{lines}content-length: {len(body)}\r\n\r\n".encode() + body


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
    [event] = await service.published(WebhookDeliveredV1)
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


async def test_n5_6_what_is_refused_comes_again_under_the_same_id(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    """Nine more attempts over 75 hours, each newly signed; then it is given up, and can be replayed."""
    endpoint = await hooks.endpoint(hook_sink.url())
    hook_sink.replies(reply(500, b"sorry"))
    await service.deliver(make_lead())
    for _ in range(10):
        await hooks.settle()
        await hooks.time_passes()
    row = await hooks.row()
    assert (row["state"], row["reason"], row["attempts"]) == ("exhausted", "status-500", 10)
    assert {post.webhook_id for post in hook_sink.posts} == {row["id"]}
    assert all(post.verified_with(endpoint["secret"]) for post in hook_sink.posts)
    [event] = await service.published(WebhookExhaustedV1)
    assert event.reason == "status-500"
    [alarm] = await service.published(AlarmRaisedV1)
    assert (alarm.alarm, alarm.key) == ("webhook-failing", endpoint["id"])
    hook_sink.replies(OK)
    await hooks.call("POST", f"/v1/webhook-deliveries/{row['id']}/replay")
    await hooks.settle()
    assert (await hooks.row())["state"] == "delivered"
    assert hook_sink.posts[-1].webhook_id == row["id"]
    assert (await hooks.log())[-2:] == ["replay-asked", "delivered"]


async def test_n5_6_410_disables_the_endpoint_and_recover_since_sends_what_it_missed(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    endpoint = await hooks.endpoint(hook_sink.url())
    path = f"/v1/webhook-endpoints/{endpoint['id']}"
    hook_sink.replies(reply(410))
    await service.deliver(make_lead(1))
    await hooks.settle()
    assert await hooks.reason() == ("exhausted", "gone")
    shown = await hooks.call("GET", path)
    assert (shown["disabled"], shown["disabled_reason"]) == (True, "gone")
    [alarm] = await service.published(AlarmRaisedV1)
    assert alarm.alarm == "webhook-gone"
    await service.deliver(make_lead(2))
    await hooks.settle()
    assert [row["state"] for row in await hooks.rows()] == ["exhausted", "cancelled"]
    since = {"since": "2020-01-01T00:00:00Z"}
    assert (await hooks.call("POST", f"{path}/recover", 409, json=since))["code"] == "endpoint-disabled"
    await hooks.call("PATCH", path, json={"disabled": False})
    hook_sink.replies(OK)
    assert await hooks.call("POST", f"{path}/recover", json=since) == {"queued": 2}
    await hooks.settle()
    assert [row["state"] for row in await hooks.rows()] == ["delivered", "delivered"]
    assert len(hook_sink.posts) == 3
    assert await hooks.call("POST", f"{path}/recover", json=since) == {"queued": 0}


@pytest.mark.parametrize("status", [429, 503])
async def test_n5_6_retry_after_is_respected_for_the_whole_endpoint(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any, status: int
):
    endpoint = await hooks.endpoint(hook_sink.url())
    hook_sink.replies(reply(status, retry_after="1800"), OK)
    await service.deliver(make_lead(1))
    await hooks.settle()
    row = await hooks.row()
    assert (row["state"], row["reason"]) == ("retrying", f"status-{status}")
    assert row["next_attempt_at"] - datetime.now(UTC) > timedelta(minutes=29)
    await service.deliver(make_lead(2))
    async with hooks.running(hooks.sender()):
        await service.deliver(make_lead(3))
        paused = await hooks.call("GET", f"/v1/webhook-endpoints/{endpoint['id']}")
        assert datetime.fromisoformat(paused["paused_until"]) > datetime.now(UTC) + timedelta(minutes=29)
        assert len(hook_sink.posts) == 1
        await hooks.time_passes()
        await hooks.until("count(*) = 3 FROM webhook_deliveries WHERE state = 'delivered'")
    assert len(hook_sink.posts) == 4


async def test_n5_6_a_redirection_is_a_failure_and_nobody_follows_it(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, other_sink: Any, make_lead: Any
):
    await hooks.endpoint(hook_sink.url())
    hook_sink.replies(reply(307, location=other_sink.url()))
    await service.deliver(make_lead())
    await hooks.settle()
    assert await hooks.reason() == ("retrying", "status-307")
    assert await hooks.log() == ["redirected"]
    assert (len(hook_sink.posts), other_sink.connections) == (1, 0)


async def test_n5_6_who_never_answers_is_left_after_the_timeout(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    """Silence, and a head that drips for ever, a byte at a time."""
    done = asyncio.Event()

    async def silence(_: Any, __: Any) -> None:
        await done.wait()

    async def drip(_: Any, writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nx-long: ")
        while True:
            writer.write(b"a")
            await writer.drain()
            await asyncio.sleep(0.01)

    await hooks.endpoint(hook_sink.url())
    await service.deliver(make_lead())
    for answer in (silence, drip):
        hook_sink.answer = answer
        await hooks.settle(hooks.sender(webhook_timeout_seconds=0.5))
        assert await hooks.reason() == ("retrying", "timeout")
        await hooks.time_passes()
    assert await hooks.log() == ["timeout", "timeout"]


async def test_n5_6_the_status_decides_however_large_or_slow_the_body_is(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    sent = 0

    async def endless(_: Any, writer: Any) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 %d Well\r\ntransfer-encoding: chunked\r\n\r\n" % status)
        while True:
            writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
            await writer.drain()
            sent += 0x10000

    hook_sink.answer = endless
    await hooks.endpoint(hook_sink.url())
    for number, status, state in ((1, 200, "delivered"), (2, 400, "retrying")):
        await service.deliver(make_lead(number))
        await hooks.settle()
        assert (await hooks.rows())[-1]["state"] == state
    assert sent < 20 * 1024 * 1024  # what the sockets' buffers took
    longest = await service.db.pool.fetchval("SELECT max(length(excerpt)) FROM webhook_attempts")
    assert longest == 200


async def test_n5_6_a_head_without_end_is_not_read_to_its_end(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    async def endless(_: Any, writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"x-more: " + b"x" * 1000 + b"\r\n")
            await writer.drain()

    hook_sink.answer = endless
    await hooks.endpoint(hook_sink.url())
    await service.deliver(make_lead())
    await hooks.settle()
    assert await hooks.reason() == ("retrying", "reply-lost")


@pytest.mark.parametrize("nonsense", [b"", b"220 mail.example ESMTP\r\n", b"HTTP/1.1 101 Switch\r\n\r\n"])
async def test_n5_6_what_is_no_answer_is_no_delivery(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any, nonsense: bytes
):
    hook_sink.replies(nonsense)
    await hooks.endpoint(hook_sink.url())
    await service.deliver(make_lead())
    await hooks.settle()
    assert (await hooks.row())["state"] == "retrying"


async def test_n5_6_after_a_lost_reply_the_receiver_sees_the_same_id_again(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    """It has processed the first one: only the id tells it that the second is a repeat."""
    await hooks.endpoint(hook_sink.url())
    hook_sink.replies(b"", OK)
    await service.deliver(make_lead())
    await hooks.settle()
    assert await hooks.reason() == ("retrying", "reply-lost")
    await hooks.time_passes()
    await hooks.settle()
    assert (await hooks.row())["state"] == "delivered"
    assert len({post.webhook_id for post in hook_sink.posts}) == 1
    assert len(hook_sink.posts) == 2


async def test_n5_6_a_receiver_that_is_away_is_waited_for(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    await hooks.endpoint(hook_sink.url())
    await hook_sink.stop()
    await service.deliver(make_lead())
    await hooks.settle()
    row = await hooks.row()
    assert (row["state"], row["reason"]) == ("retrying", "unreachable")
    assert timedelta(seconds=1) < row["next_attempt_at"] - datetime.now(UTC) < timedelta(seconds=6)
    await hook_sink.start()
    await hooks.time_passes()
    await hooks.settle()
    assert (await hooks.row())["state"] == "delivered"


async def test_n5_6_of_a_refusal_only_a_short_excerpt_without_personal_data_is_kept(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any, sold: Any, make_partner: Any
):
    await service.deliver(make_partner(2))
    await hooks.endpoint(hook_sink.url(), owner_id="ptr_2", receives_leads=True)
    echo = b"no Virta, aino@example.com or other@example.net, call +358 40 123 4567\n please\x00" + b"z" * 500
    hook_sink.replies(reply(422, echo))
    await service.deliver(sold())
    await hooks.settle()
    row = await hooks.row()
    shown = await hooks.call("GET", f"/v1/webhook-deliveries/{row['id']}")
    [entry] = shown["log"]
    assert entry["excerpt"].startswith("no …, … or … call … please z")
    assert (entry["status_code"], entry["event"], len(entry["excerpt"])) == (422, "refused", 200)
    assert "body" not in shown
