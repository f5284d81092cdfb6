"""Leads on their way out: confirmed ones to sponsors, sold ones to buyers (N5.6, S0.10, I2.24)."""

import asyncio
from typing import Any

from contracts.events.notify import AlarmRaisedV1, WebhookDeliveredV1
from servicekit.testing import ServiceUnderTest


async def test_s0_10_a_confirmed_lead_is_with_its_sponsor_within_a_second(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, held: Any, confirmed: Any
):
    """From the event to the sink, through the ledger and the sender that runs; the content, and nothing internal."""
    endpoint = await hooks.receiver(hook_sink.url("/leads"))
    await service.deliver(held())
    assert await hooks.rows() == []
    arrived = asyncio.Event()

    async def arrive(_: Any, __: Any) -> bytes:
        arrived.set()
        return b"HTTP/1.1 200 OK\r\n\r\n"

    hook_sink.answer = arrive
    loop = asyncio.get_running_loop()
    async with hooks.running(hooks.sender()):
        began = loop.time()
        await service.deliver(confirmed())
        async with asyncio.timeout(20):
            await arrived.wait()
        took = loop.time() - began
        await hooks.until("state = 'delivered' FROM webhook_deliveries")
    assert took < 5  # 1 s at rest: api.md; this machine may be busy
    [post] = hook_sink.posts
    told = post.verified_with(endpoint["secret"])
    assert told["type"] == "lead.delivered.v1"
    assert told["data"]["person"]["phone"] == "+358401234567"
    assert (told["data"]["lead_id"], told["data"]["comments"]) == ("lead_0001", "words about 1")
    assert not {"partner_id", "external_id", "priority", "problems"} & told["data"].keys()
    assert b"internal words" not in post.body
    [event] = await hooks.told(WebhookDeliveredV1)
    assert (event.purpose, event.cause_type) == ("delivery", "validation.case.confirmed.v1")
    assert await service.db.pool.fetchval("SELECT content IS NULL AND delivered FROM held_leads")


async def test_s0_10_only_where_the_project_delivers(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, held: Any, confirmed: Any
):
    """`queue` keeps nothing of the content; `deliver` and `both` deliver; a lead that was not held never does."""
    await hooks.receiver(hook_sink.url("/leads"))
    for number, after in enumerate(("queue", "deliver", "both")):
        await service.deliver(held(number, after))
    assert await service.db.pool.fetchval("SELECT count(content) FROM held_leads") == 2
    for number in range(4):
        await service.deliver(confirmed(number))
    await hooks.settle()
    assert sorted(post.json["data"]["lead_id"] for post in hook_sink.posts) == ["lead_0001", "lead_0002"]


async def test_s0_10_without_an_endpoint_an_alarm_is_raised_and_recover_delivers_later(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, held: Any, confirmed: Any
):
    await hooks.endpoint(hook_sink.url("/events"), owner_kind="project", owner_id="prj_1", receives_leads=False)
    await service.deliver(held())
    await service.deliver(confirmed())
    [alarm] = await hooks.told(AlarmRaisedV1)
    assert (alarm.alarm, alarm.key) == ("delivery-without-endpoint", "prj_1")
    endpoint = await hooks.receiver(hook_sink.url("/leads"), "project", "prj_1")
    other = await hooks.receiver(hook_sink.url("/other"), "project", "prj_2")
    since = {"since": "2020-01-01T00:00:00Z"}
    recover = "/v1/webhook-endpoints/{}/recover"
    assert await hooks.call("POST", recover.format(other["id"]), json=since) == {"queued": 0}
    assert await hooks.call("POST", recover.format(endpoint["id"]), json=since) == {"queued": 1}
    await hooks.settle()
    assert [post.path for post in hook_sink.posts if post.json["type"] == "lead.delivered.v1"] == ["/leads"]


async def test_i2_27_an_erased_lead_is_not_delivered_whatever_comes(  # noqa: PLR0917 -- fixtures
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, held: Any, confirmed: Any, sold: Any, make_partner: Any
):
    await service.deliver(make_partner(2, sold_lead_emails=["buyer@b.example"]))
    await hooks.receiver(hook_sink.url("/leads"))
    await service.deliver(held())
    assert (await hooks.erase("lead_0001"))["held_leads"] == 1
    await service.deliver(confirmed())
    await service.deliver(held(), 5)
    await service.deliver(sold())
    await hooks.settle()
    assert await hooks.rows() == []
    assert await service.db.pool.fetchval("SELECT count(*) FROM held_leads") == 0
    assert await service.db.pool.fetchval("SELECT count(*) FROM emails") == 0
