"""Endpoints that hang or fail beside others, and many at once (N5.6)."""

import asyncio
from typing import Any

from contracts.events.notify import WebhookDeliveredV1
from servicekit.testing import ServiceUnderTest

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


async def test_n5_6_a_hanging_endpoint_delays_no_other(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, other_sink: Any, make_lead: Any
):
    """50 older deliveries to one that never answers; all others go while a few of those are still under way."""
    release = asyncio.Event()

    async def hang(_: Any, __: Any) -> bytes:
        await release.wait()
        return OK

    hook_sink.answer = hang
    await hooks.endpoint(hook_sink.url())
    for number in range(50):
        await service.deliver(make_lead(number))
    quick = [(await hooks.endpoint(other_sink.url(f"/{n}")))["id"] for n in range(5)]
    for number in range(50, 60):
        await service.deliver(make_lead(number))
    async with hooks.running(hooks.sender(webhook_connections_per_endpoint=4, webhook_timeout_seconds=30)):
        await hooks.until(
            "count(*) = 50 FROM webhook_deliveries WHERE state = 'delivered' AND endpoint_id = ANY($1)", quick
        )
        sending = await service.db.pool.fetchval("SELECT count(*) FROM webhook_deliveries WHERE state = 'sending'")
        assert sending == 4
        assert 1 <= len(hook_sink.posts) <= 4  # one until it is known that it is slow
        release.set()
        await hooks.until("count(*) = 110 FROM webhook_deliveries WHERE state = 'delivered'")


async def test_n5_6_an_endpoint_that_fails_gets_one_attempt_at_a_time_until_it_is_well(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    most = 0
    under_way = 0

    async def watched(_: Any, __: Any) -> bytes:
        nonlocal most, under_way
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        return answer

    hook_sink.answer = watched
    answer = b"HTTP/1.1 500 No\r\n\r\n"
    await hooks.endpoint(hook_sink.url())
    await service.deliver(make_lead(0))
    await hooks.settle()
    for number in range(1, 9):
        await service.deliver(make_lead(number))
    await hooks.settle()
    assert most == 1
    answer = OK
    await hooks.time_passes()
    await hooks.settle()
    assert most > 1
    assert {row["state"] for row in await hooks.rows()} == {"delivered"}


async def test_n5_6_two_senders_deliver_everything_once(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    for number in range(4):
        await hooks.endpoint(hook_sink.url(f"/{number}"))
    for number in range(25):
        await service.deliver(make_lead(number))
    await hooks.settle(hooks.sender(), hooks.sender())
    ids = [post.webhook_id for post in hook_sink.posts]
    assert (len(ids), len(set(ids))) == (100, 100)
    assert {row["attempts"] for row in await hooks.rows()} == {1}
    assert len(await hooks.told(WebhookDeliveredV1)) == 100


async def test_n5_6_33_endpoints_hear_every_event_once(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    """`tests/performance/hooks.py` says how fast."""
    for number in range(33):
        await hooks.endpoint(hook_sink.url(f"/{number}"))
    for number in range(6):
        await service.deliver(make_lead(number))
    await hooks.settle()
    assert len({post.webhook_id for post in hook_sink.posts}) == len(hook_sink.posts) == 33 * 6
