"""N5.4, N5.6: ledgers are kept as long as they are wanted, and no longer."""

from datetime import timedelta
from typing import Any

from notify_svc.retention.keep_ledgers import Kept, prune_ledgers
from servicekit.testing import ServiceUnderTest

NOTHING = Kept(mails=timedelta(seconds=-60), webhooks=timedelta(seconds=-60))
TABLES = ("emails", "email_log", "digest_items", "external_ids", "alarms")


async def _counts(service: ServiceUnderTest) -> dict[str, int]:
    return {table: await service.db.pool.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}


async def test_n5_4_finished_mails_go_with_their_log_and_digests_and_others_stay(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    """Sent ones and lines of their digests; a mail that waits stays, however old it is."""
    await service.deliver(make_partner(1, purchase_notification_mode="hourly"))
    await service.deliver(make_partner(2))
    await service.deliver(make_lead(1, partner=2))
    await mailer.settle(mailer.sender(sink.port))
    await service.deliver(make_lead(2, partner=2))
    await service.deliver(make_lead(3, partner=1))
    await prune_ledgers(service.db, Kept(mails=timedelta(days=730), webhooks=timedelta(days=90)))
    assert await _counts(service) == {
        "emails": 2, "email_log": 1, "digest_items": 1, "external_ids": 0, "alarms": 0,
    }  # fmt: skip
    await prune_ledgers(service.db, NOTHING)
    assert await _counts(service) == {
        "emails": 1, "email_log": 0, "digest_items": 1, "external_ids": 0, "alarms": 0,
    }  # fmt: skip
    await service.db.pool.execute("UPDATE digest_items SET email_id = (SELECT id FROM emails)")
    await mailer.settle(mailer.sender(sink.port))
    await prune_ledgers(service.db, NOTHING)
    assert set((await _counts(service)).values()) == {0}


async def test_n5_4_more_than_a_portion_goes_in_one_run(service: ServiceUnderTest):
    await service.db.pool.execute(
        """
        INSERT INTO emails (id, cause_id, template, template_version, recipient, domain, variables, trace, state)
        SELECT 'eml_00' || n, gen_random_uuid(), 'alarm', 1, 'a@b.example', 'b.example', '{}', '{}', 'sent'
        FROM generate_series(1, 5001) AS n
        """
    )
    await prune_ledgers(service.db, Kept(mails=timedelta(days=730), webhooks=timedelta(days=90)))
    assert (await _counts(service))["emails"] == 0
