"""Receivers that refuse, are gone, busy or away: what comes again, and when (N5.6)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from contracts.events.notify import AlarmRaisedV1, WebhookExhaustedV1
from notify_svc.webhook_sending.store import claim_due
from servicekit.testing import ServiceUnderTest

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


async def test_n5_6_what_is_refused_comes_again_under_the_same_id(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    """Nine more attempts over 75 hours, each newly signed; then it is given up, and can be replayed."""
    endpoint = await hooks.endpoint(hook_sink.url())
    hook_sink.replies(hook_sink.reply(500, b"sorry"))
    await service.deliver(make_lead())
    for _ in range(10):
        await hooks.settle()
        await hooks.time_passes()
    row = await hooks.row()
    assert (row["state"], row["reason"], row["attempts"]) == ("exhausted", "status-500", 10)
    assert {post.webhook_id for post in hook_sink.posts} == {row["id"]}
    assert all(post.verified_with(endpoint["secret"]) for post in hook_sink.posts)
    [event] = await hooks.told(WebhookExhaustedV1)
    assert event.reason == "status-500"
    [alarm] = await hooks.told(AlarmRaisedV1)
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
    hook_sink.replies(hook_sink.reply(410))
    await service.deliver(make_lead(1))
    await hooks.settle()
    assert await hooks.reason() == ("exhausted", "gone")
    shown = await hooks.call("GET", path)
    assert (shown["disabled"], shown["disabled_reason"]) == (True, "gone")
    [alarm] = await hooks.told(AlarmRaisedV1)
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


async def test_n5_6_410_cancels_what_waits_for_the_endpoint(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    await hooks.endpoint(hook_sink.url())
    hook_sink.replies(hook_sink.reply(500), hook_sink.reply(410))
    for number in (1, 2):
        await service.deliver(make_lead(number))
        await hooks.settle()
        await service.db.pool.execute("UPDATE webhook_deliveries SET next_attempt_at = next_attempt_at + interval '1h'")
    states = [(row["state"], row["reason"], row["next_attempt_at"]) for row in await hooks.rows()]
    assert states == [("cancelled", "endpoint-disabled", None), ("exhausted", "gone", None)]


@pytest.mark.parametrize(
    "why",
    [
        "paused_until = now() + interval '1 minute'",
        "disabled = true, disabled_reason = 'gone', disabled_at = now()",
    ],
)
async def test_n5_6_an_endpoint_that_is_paused_or_disabled_is_not_called(
    service: ServiceUnderTest, hooks: Any, make_lead: Any, why: str
):
    await hooks.endpoint("https://hooks.example.com/in")
    await service.deliver(make_lead())
    claimed: list[int] = []
    for change in (why, "paused_until = NULL, disabled = false, disabled_reason = NULL, disabled_at = NULL"):
        await service.db.pool.execute(f"UPDATE webhook_endpoints SET {change}")
        async with service.db.unit_of_work() as work:
            claimed.append(len(await claim_due(work, 10, 8, timedelta(minutes=5), ())))
    assert claimed == [0, 1]


@pytest.mark.parametrize("status", [429, 503])
async def test_n5_6_retry_after_is_respected_for_the_whole_endpoint(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any, status: int
):
    endpoint = await hooks.endpoint(hook_sink.url())
    hook_sink.replies(hook_sink.reply(status, retry_after="1800"), OK)
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
    tried_at = await service.db.pool.fetchval("SELECT at FROM webhook_attempts")
    assert timedelta(seconds=4) < row["next_attempt_at"] - tried_at < timedelta(seconds=6)
    await hook_sink.start()
    await hooks.time_passes()
    await hooks.settle()
    assert (await hooks.row())["state"] == "delivered"
