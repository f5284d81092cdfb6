"""A sender that is killed between the server's 250 and the mark."""

import asyncio
import os
import signal
import sys
from typing import Any

from contracts.events.notify import EmailSentV1
from servicekit.testing import TEST_KEY_SET, ServiceUnderTest

SENDER = """
import asyncio
from messaging.database import Database
from notify_svc.app import build_sender
from notify_svc.settings import Settings

async def main():
    settings = Settings()
    database = await Database.connect(settings.database_url.get_secret_value(), source="/leadwire/notify-svc")
    await build_sender(settings, database).run()

asyncio.run(main())
"""


async def test_a_mail_whose_sender_was_killed_is_unknown_after_its_lease_and_sent_again(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    """N5.1, N5.4: at least once, with the same Message-ID, and the ledger says that the first one was lost."""
    await service.deliver(make_partner())
    await service.deliver(make_lead())
    environment = os.environ | {
        "LEADWIRE_DATABASE_URL": mailer.dsn,
        "LEADWIRE_IDENTITY_KEYS": TEST_KEY_SET,
        "LEADWIRE_SMTP_HOST": "127.0.0.1",
        "LEADWIRE_SMTP_PORT": str(sink.port),
        "LEADWIRE_SMTP_TLS": "off",
        "LEADWIRE_SMTP_ALLOW_INSECURE": "true",
        "LEADWIRE_SMTP_FROM": "leads@centre.example",
        "LEADWIRE_WEBHOOK_SECRET_KEY": "a-key-for-tests-that-is-long-enough",
    }
    victim = await asyncio.create_subprocess_exec(sys.executable, "-c", SENDER, env=environment)

    async def kill_first(_: Any) -> None:
        if len(sink.mails) == 1:
            victim.send_signal(signal.SIGKILL)
            await victim.wait()

    sink.on_data = kill_first
    try:
        async with asyncio.timeout(30):
            await victim.wait()
    finally:
        if victim.returncode is None:
            victim.kill()
    [row] = await mailer.rows()
    assert (row["state"], len(sink.mails)) == ("sending", 1)
    await mailer.time_passes()
    await mailer.settle(mailer.sender(sink.port))
    [row] = await mailer.rows()
    assert (row["state"], row["attempts"], row["lost_leases"]) == ("sent", 2, 1)
    assert await mailer.log() == ["lease-lost", "sent"]
    assert [mail.message["Message-ID"] for mail in sink.mails] == [row["message_id"]] * 2
    assert len(await service.published(EmailSentV1)) == 1


async def test_a_mail_that_kills_whoever_sends_it_is_left_to_a_person(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    await service.deliver(make_partner())
    await service.deliver(make_lead())
    lost = "UPDATE emails SET state = 'sending', next_attempt_at = now(), lost_leases = 5"
    await service.db.pool.execute(lost)
    await mailer.settle(mailer.sender(sink.port))
    [row] = await mailer.rows()
    assert (row["state"], row["reason"], row["next_attempt_at"]) == ("unknown", "lease-lost", None)
    assert sink.mails == []
