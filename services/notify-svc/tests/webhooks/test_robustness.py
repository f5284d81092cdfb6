"""What happens to deliveries when endpoints hang, workers die, stop or are many (N5.6, guarantee 2)."""

import asyncio
import contextlib
import os
import signal
import sys
from datetime import timedelta
from typing import Any

from contracts.events.notify import WebhookDeliveredV1
from servicekit.testing import TEST_KEY_SET, ServiceUnderTest

OK = b"HTTP/1.1 204 No Content\r\n\r\n"
SENDER = """
import asyncio
from messaging.database import Database
from notify_svc.app import build_webhook_sender
from notify_svc.settings import Settings

async def main():
    settings = Settings()
    database = await Database.connect(settings.database_url.get_secret_value(), source="/leadwire/notify-svc")
    await build_webhook_sender(settings, database).run()

asyncio.run(main())
"""


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
        assert sending == len(hook_sink.posts) == 4
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


async def test_n5_6_a_worker_that_is_killed_after_the_200_leads_to_a_repeat_under_the_same_id(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    """Between the receiver's 200 and the mark: the ledger knows that one was lost, the receiver that it is a repeat."""
    await hooks.endpoint(hook_sink.url())
    await service.deliver(make_lead())
    environment = os.environ | {
        "LEADWIRE_DATABASE_URL": hooks.dsn,
        "LEADWIRE_IDENTITY_KEYS": TEST_KEY_SET,
        "LEADWIRE_SMTP_HOST": "127.0.0.1",
        "LEADWIRE_SMTP_FROM": "leads@centre.example",
        "LEADWIRE_WEBHOOK_SECRET_KEY": "a-key-for-tests-that-is-long-enough",
        "LEADWIRE_WEBHOOK_ADDRESSES": "loopback",
        "LEADWIRE_WEBHOOK_ALLOW_INSECURE": "true",
    }
    victim = await asyncio.create_subprocess_exec(sys.executable, "-c", SENDER, env=environment)

    async def kill_first(_: Any, __: Any) -> bytes:
        if len(hook_sink.posts) == 1:
            victim.send_signal(signal.SIGKILL)
            await victim.wait()
        return OK

    hook_sink.answer = kill_first
    try:
        async with asyncio.timeout(60):
            await victim.wait()
    finally:
        if victim.returncode is None:
            victim.kill()
    row = await hooks.row()
    assert (row["state"], len(hook_sink.posts)) == ("sending", 1)
    await hooks.time_passes()
    await hooks.settle()
    row = await hooks.row()
    assert (row["state"], row["attempts"], row["lost_leases"]) == ("delivered", 2, 1)
    assert await hooks.log() == ["lease-lost", "delivered"]
    assert [post.webhook_id for post in hook_sink.posts] == [row["id"]] * 2
    assert len(await hooks.told(WebhookDeliveredV1)) == 1


async def test_n5_6_a_delivery_that_kills_whoever_sends_it_is_given_up(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    await hooks.endpoint(hook_sink.url())
    await service.deliver(make_lead())
    await service.db.pool.execute(
        "UPDATE webhook_deliveries SET state = 'sending', next_attempt_at = now(), lost_leases = 5"
    )
    await hooks.settle()
    assert await hooks.reason() == ("exhausted", "lease-lost")
    assert hook_sink.posts == []


async def test_n5_6_whoever_lost_the_lease_cannot_mark(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    """Stopped past its lease, a sender comes back with a 204; another has the delivery by now and was refused."""
    gate = asyncio.Event()

    async def hold_first(_: Any, __: Any) -> bytes:
        if len(hook_sink.posts) > 1:
            return b"HTTP/1.1 500 No\r\n\r\n"
        await gate.wait()
        return OK

    hook_sink.answer = hold_first
    await hooks.endpoint(hook_sink.url())
    await service.deliver(make_lead())
    stopped, other = hooks.sender(), hooks.sender(lease=timedelta(seconds=2))
    async with hooks.running(stopped):
        await hooks.until("state = 'sending' FROM webhook_deliveries")
        await service.db.pool.execute("UPDATE webhook_deliveries SET next_attempt_at = now() - interval '1 second'")
        async with hooks.running(other):
            await hooks.until("status_code = 500 FROM webhook_deliveries")
        gate.set()
    row = await hooks.row()
    assert (row["state"], row["lost_leases"], row["attempts"]) == ("retrying", 1, 2)
    assert await hooks.log() == ["lease-lost", "refused"]
    assert await hooks.told(WebhookDeliveredV1) == []


async def test_n5_6_asked_to_stop_it_finishes_what_it_sends(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    gate = asyncio.Event()

    async def wait(_: Any, __: Any) -> bytes:
        await gate.wait()
        return OK

    hook_sink.answer = wait
    await hooks.endpoint(hook_sink.url())
    await service.deliver(make_lead())
    task = asyncio.create_task(hooks.sender().run())
    while not hook_sink.posts:  # noqa: ASYNC110 -- until the receiver has it
        await asyncio.sleep(0.01)
    task.cancel()
    asyncio.get_running_loop().call_soon(gate.set)
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert (await hooks.row())["state"] == "delivered"


async def test_n5_6_a_secret_that_cannot_be_opened_is_no_reason_to_send_unsigned(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    await hooks.endpoint(hook_sink.url())
    await service.deliver(make_lead())
    await hooks.settle(hooks.sender(webhook_secret_key="another key that seals nothing of ours"))
    assert await hooks.reason() == ("retrying", "secret-unreadable")
    assert hook_sink.posts == []
    await hooks.time_passes()
    await hooks.settle()
    assert (await hooks.row())["state"] == "delivered"


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
