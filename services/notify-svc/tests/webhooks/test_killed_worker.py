"""Workers that are killed while they send (N5.6, guarantee 2)."""

import asyncio
import os
import signal
import sys
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
