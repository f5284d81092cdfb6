"""Conversations with servers that accept, wait, refuse, drop and are slow."""

import logging
from collections.abc import Callable
from typing import Any

from contracts.envelope import decode_envelope
from contracts.events.notify import EmailFailedV1
from servicekit.testing import ServiceUnderTest


def _always(reply: str | None) -> Callable[[str], str | None]:
    return lambda _: reply


async def test_o7_4_the_sent_event_carries_the_leads_trace(
    service: ServiceUnderTest, mailer: Any, sink: Any, queued: None
):
    await mailer.settle(mailer.sender(sink.port))
    [row] = await mailer.rows()
    [sent] = await service.db.pool.fetch("SELECT body FROM outbox")
    envelope = decode_envelope(sent["body"])
    assert envelope.causationid == str(row["cause_id"])
    assert envelope.sequence == row["version"]
    assert await mailer.log() == ["sent"]


async def test_n5_2_greylisting_is_waited_out(service: ServiceUnderTest, mailer: Any, sink: Any, queued: None):
    sink.on_rcpt = _always("451 4.7.1 greylisted, come back")
    sender = mailer.sender(sink.port)
    await mailer.settle(sender)
    [row] = await mailer.rows()
    assert (row["state"], row["attempts"], row["reply_code"]) == ("queued", 1, 451)
    assert row["reply"] == "4.7.1 greylisted, come back"
    assert sink.mails == []
    sink.on_rcpt = _always(None)
    await mailer.time_passes()
    await mailer.settle(mailer.sender(sink.port))
    [row] = await mailer.rows()
    assert (row["state"], row["attempts"]) == ("sent", 2)
    assert await mailer.log() == ["deferred", "sent"]
    assert len(sink.mails) == 1


async def test_n5_2_after_three_days_and_not_before_it_gives_up(
    service: ServiceUnderTest, mailer: Any, sink: Any, queued: None
):
    sink.on_rcpt = _always("451 never")
    await mailer.settle(mailer.sender(sink.port))
    await service.db.pool.execute("UPDATE emails SET give_up_at = give_up_at - interval '71 hours'")
    await mailer.time_passes()
    await mailer.settle(mailer.sender(sink.port))
    [row] = await mailer.rows()
    assert (row["state"], row["attempts"]) == ("queued", 2)
    await service.db.pool.execute("UPDATE emails SET give_up_at = give_up_at - interval '2 hours'")
    await mailer.time_passes()
    await mailer.settle(mailer.sender(sink.port))
    [row] = await mailer.rows()
    assert (row["state"], row["reason"], row["next_attempt_at"]) == ("failed", "gave-up-smtp-451", None)
    [event] = await service.published(EmailFailedV1)
    assert isinstance(event, EmailFailedV1)
    assert event.reason == "gave-up-smtp-451"


async def test_n5_2_a_refusal_fails_with_the_servers_code_and_without_personal_data_in_logs(
    service: ServiceUnderTest, mailer: Any, sink: Any, queued: None, caplog: Any
):
    sink.on_rcpt = _always("550 5.1.1 <buyer1@p1.example> does not exist")
    with caplog.at_level(logging.INFO, "notify_svc"):
        await mailer.settle(mailer.sender(sink.port))
    [row] = await mailer.rows()
    assert (row["state"], row["attempts"], row["reply_code"], row["reason"]) == ("failed", 1, 550, "smtp-550")
    assert row["reply"] == "5.1.1 <buyer1@p1.example> does not exist"
    [event] = await service.published()
    assert isinstance(event, EmailFailedV1)
    assert event.reason == "smtp-550"
    assert row["id"] in caplog.text
    assert "@" not in caplog.text
    await mailer.time_passes()
    await mailer.settle(mailer.sender(sink.port))
    assert (await mailer.rows())[0]["attempts"] == 1


async def test_a_refusal_of_the_content_fails_too(service: ServiceUnderTest, mailer: Any, sink: Any, queued: None):
    async def refuse(_: Any) -> str:
        return "554 5.7.1 spam"

    sink.on_data = refuse
    await mailer.settle(mailer.sender(sink.port))
    assert (await mailer.rows())[0]["reason"] == "smtp-554"


async def test_one_refused_address_does_not_stop_the_others(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    """Over the same connection: it is reset after a refusal, and used again."""
    await service.deliver(make_partner(1, *(f"{n}@p.example" for n in range(10))))
    await service.deliver(make_lead())

    def refuse_some(address: str) -> str | None:
        return "550 no" if address.startswith(("3", "7")) else None

    sink.on_rcpt = refuse_some
    await mailer.settle(mailer.sender(sink.port, smtp_connections=1))
    assert sorted(row["state"] for row in await mailer.rows()) == ["failed"] * 2 + ["sent"] * 8
    assert sink.connections == 1
