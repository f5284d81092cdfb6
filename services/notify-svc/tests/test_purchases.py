"""N2.8: purchase notifications, one mail per accepted lead per address."""

import asyncio
import random
from typing import Any

import pytest
from contracts.envelope import Trace, decode_envelope, encode
from contracts.events.intake import LeadQuarantinedV1, LeadRejectedV1, PartnerChangedV1
from contracts.events.notify import EmailSentV1
from contracts.ids import new_uuid
from messaging.subscription import Received
from notify_svc.purchases.queue_purchase_mails import queue_purchase_mails
from servicekit.testing import ServiceUnderTest


async def test_n2_8_one_mail_per_lead_per_address(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    """N2.8, N5.1: one recipient per envelope, a stable Message-ID made of the ledger's id, the event of each mail."""
    await service.deliver(make_partner(1, "a@one.example", "B@Two.example", "b@two.example "))
    await service.deliver(make_lead(1))
    await service.deliver(make_lead(2))
    await mailer.settle(mailer.sender(sink.port))
    sent = sorted((mail.recipients, str(mail.message["Subject"])) for mail in sink.mails)
    assert sent == [
        (["a@one.example"], "Lead ext-1 was accepted"),
        (["a@one.example"], "Lead ext-2 was accepted"),
        (["b@two.example"], "Lead ext-1 was accepted"),
        (["b@two.example"], "Lead ext-2 was accepted"),
    ]
    rows = {row["message_id"]: row for row in await mailer.rows()}
    for mail in sink.mails:
        row = rows[mail.message["Message-ID"]]
        assert row["message_id"] == f"<{row['id']}@centre.example>"
        assert [str(mail.message["To"])] == mail.recipients == [row["recipient"]]
        assert (mail.sender, row["state"], row["reply_code"]) == ("leads@centre.example", "sent", 250)
        assert mail.message["From"] == "Leadwire <leads@centre.example>"
        assert "words about" in mail.body("plain")
        assert "words about" in mail.body("html")
    told = [event for event in await service.published() if isinstance(event, EmailSentV1)]
    assert {event.email_id for event in told} == {row["id"] for row in rows.values()}
    assert {event.lead.lead_id for event in told if event.lead} == {"lead_0001", "lead_0002"}


async def test_n2_8_nothing_for_rejected_quarantined_or_test_leads(
    service: ServiceUnderTest, mailer: Any, make_lead: Any, make_partner: Any
):
    await service.deliver(make_partner())
    accepted = make_lead(1)
    for kind in (LeadRejectedV1, LeadQuarantinedV1):
        about: dict[str, Any] = {"external_id": "x", "received_at": accepted.received_at, "reason": "duplicate"}
        await service.deliver(kind(lead=accepted.lead, **about))
    await service.deliver(make_lead(2, test=True))
    assert await mailer.rows() == []


async def test_n5_1_a_repeated_event_is_one_mail(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    """The inbox forgets after 30 days, the ledger never: also without the inbox there is one mail."""
    await service.deliver(make_partner())
    message_id = new_uuid()
    for _ in range(2):
        await service.deliver(make_lead(), message_id=message_id)
    await mailer.settle(mailer.sender(sink.port))
    await service.db.pool.execute("DELETE FROM inbox")
    await service.deliver(make_lead(), message_id=message_id)
    await mailer.settle(mailer.sender(sink.port))
    assert len(sink.mails) == 1


@pytest.mark.parametrize("seed", range(4))
async def test_swapped_and_repeated_events_lose_no_mail(
    service: ServiceUnderTest, mailer: Any, make_lead: Any, make_partner: Any, seed: int
):
    """Leads that come before their partner wait for it; the newest addresses win, whatever came first."""
    old, new = make_partner(1, "old@p.example"), make_partner(1, "new@p.example", kind=PartnerChangedV1)
    deliveries = [(make_lead(n), 1, new_uuid()) for n in range(1, 6)] + [(old, 1, new_uuid()), (new, 2, new_uuid())]
    deliveries *= 2
    random.Random(seed).shuffle(deliveries)
    for event, sequence, message_id in deliveries:
        await service.deliver(event, sequence, message_id)
    rows = await mailer.rows()
    assert sorted(row["lead_id"] for row in rows) == [f"lead_{n:04}" for n in range(1, 6)]
    await service.deliver(make_lead(6))
    assert (await mailer.rows())[-1]["recipient"] == "new@p.example"
    assert await service.db.pool.fetchval("SELECT count(*) FROM waiting_purchases") == 0


async def test_a_lead_and_its_partner_at_the_same_moment(
    service: ServiceUnderTest, mailer: Any, make_lead: Any, make_partner: Any
):
    """Neither sees the other's uncommitted row; the lock on the partner makes one wait, and no mail is lost."""
    for number in range(1, 31):
        events = [make_lead(number, partner=number), make_partner(number)]
        if number % 3 == 0:
            await service.deliver(make_lead(number + 100, partner=number))
        await asyncio.gather(*(service.deliver(event) for event in (events if number % 2 else events[::-1])))
    assert len(await mailer.rows()) == 40


async def test_partners_in_one_batch_do_not_get_each_others_leads(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    await service.deliver(make_partner(1))
    await service.deliver(make_partner(2))
    await service.deliver(make_partner(3, kind=PartnerChangedV1, purchase_notification_emails=[]))
    batch: list[Received[Any]] = []
    for number in range(30):
        event = make_lead(number, partner=1 + number % 3, comments=f"only for ptr_{1 + number % 3}")
        batch.append(Received(event, decode_envelope(encode(event, source="x", sequence=1, trace=Trace()).body)))
    async with service.db.unit_of_work() as work:
        await queue_purchase_mails(work, batch)
    await mailer.settle(mailer.sender(sink.port))
    assert len(sink.mails) == 20
    for mail in sink.mails:
        [recipient] = mail.recipients
        number = recipient.removeprefix("buyer")[0]
        assert f"only for ptr_{number}" in mail.content.decode()
        assert f"only for ptr_{3 - int(number)}" not in mail.content.decode()
        assert f"Partner {number}" in mail.body("plain")
