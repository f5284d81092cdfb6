"""N2.8, N5.8: digests, per address and period, each lead once; quiet hours hold mails and lose none."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from contracts.events.intake import PartnerChangedV1
from contracts.ids import new_uuid
from notify_svc.digests import make_digests as digests
from notify_svc.digests.make_digests import make_one
from servicekit.testing import ServiceUnderTest

RECIPIENTS = "/v1/email-recipients"


async def _period_ends(service: ServiceUnderTest) -> None:
    await service.db.pool.execute("UPDATE digest_items SET due_at = date_trunc('hour', now()) WHERE email_id IS NULL")


async def _make_all(service: ServiceUnderTest) -> int:
    made = 0
    while await make_one(service.db, timedelta()):
        made += 1
        assert made < 100, "the same digests are made again and again"
    return made


@pytest.mark.parametrize("mode", ["hourly", "daily"])
async def test_n2_8_a_digest_has_every_lead_of_its_period_once(  # noqa: PLR0917 -- fixtures and a parameter
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any, mode: str
):
    await service.deliver(make_partner(1, "a@p.example", "b@p.example", purchase_notification_mode=mode))
    ids = [new_uuid() for _ in range(5)]
    for _ in range(2):
        for number, message_id in enumerate(ids, 1):
            await service.deliver(make_lead(number), message_id=message_id)
    assert await mailer.rows() == []
    assert await _make_all(service) == 0
    await _period_ends(service)
    assert await _make_all(service) == 2
    await service.db.pool.execute("DELETE FROM inbox")
    for number, message_id in enumerate(ids, 1):
        await service.deliver(make_lead(number), message_id=message_id)
    await _period_ends(service)
    assert await _make_all(service) == 0
    await mailer.settle(mailer.sender(sink.port))
    assert sorted(mail.recipients[0] for mail in sink.mails) == ["a@p.example", "b@p.example"]
    for mail in sink.mails:
        assert str(mail.message["Subject"]).startswith("5 notifications, ")
        for number in range(1, 6):
            assert mail.body("plain").count(f"words about {number}") == 1
            assert mail.body("html").count(f"words about {number}") == 1


async def test_n2_8_digests_made_by_several_at_once_have_each_lead_once(
    service: ServiceUnderTest, mailer: Any, make_lead: Any, make_partner: Any, monkeypatch: pytest.MonkeyPatch
):
    """More than one mail holds go in several."""
    monkeypatch.setattr(digests, "MOST_ITEMS", 4)
    await service.deliver(make_partner(1, "a@p.example", "b@p.example", purchase_notification_mode="hourly"))
    for number in range(1, 11):
        await service.deliver(make_lead(number))
    await _period_ends(service)
    made = await asyncio.gather(*(_make_all(service) for _ in range(4)))
    assert sum(made) == 6
    told = [(row["recipient"], item["lead_id"]) for row in await mailer.rows() for item in row["variables"]["items"]]
    assert sorted(told) == sorted((f"{who}@p.example", f"lead_{n:04}") for who in "ab" for n in range(1, 11))


async def test_n5_1_what_had_its_mail_is_in_no_digest_and_the_other_way_round(
    service: ServiceUnderTest, mailer: Any, make_lead: Any, make_partner: Any
):
    """The partner changes its mind, and the same events come once more, long after the inbox has forgotten them."""
    mailed, gathered = new_uuid(), new_uuid()

    async def tell_partner(sequence: int, mode: str) -> None:
        partner = make_partner(1, "a@p.example", kind=PartnerChangedV1, purchase_notification_mode=mode)
        await service.deliver(partner, sequence)
        await service.db.pool.execute("DELETE FROM inbox")

    await tell_partner(1, "immediate")
    await service.deliver(make_lead(1), message_id=mailed)
    await tell_partner(2, "hourly")
    await service.deliver(make_lead(1), message_id=mailed)
    await service.deliver(make_lead(2), message_id=gathered)
    await tell_partner(3, "immediate")
    await service.deliver(make_lead(2), message_id=gathered)
    assert [row["cause_id"] for row in await mailer.rows()] == [mailed]
    assert [row["cause_id"] for row in await service.db.pool.fetch("SELECT cause_id FROM digest_items")] == [gathered]
