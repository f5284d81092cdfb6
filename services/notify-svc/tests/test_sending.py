"""Conversations with servers that accept, wait, refuse, drop and are slow."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest_asyncio
from contracts.envelope import decode_envelope
from contracts.events.notify import EmailFailedV1, EmailSentV1
from servicekit.testing import ServiceUnderTest


def _always(reply: str | None) -> Callable[[str], str | None]:
    return lambda _: reply


@pytest_asyncio.fixture
async def queued(service: ServiceUnderTest, make_lead: Any, make_partner: Any) -> None:
    """One mail waits."""
    await service.deliver(make_partner())
    await service.deliver(make_lead())


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


async def test_n5_2_after_three_days_it_gives_up(service: ServiceUnderTest, mailer: Any, sink: Any, queued: None):
    sink.on_rcpt = _always("451 never")
    await mailer.settle(mailer.sender(sink.port))
    await service.db.pool.execute("UPDATE emails SET give_up_at = give_up_at - interval '73 hours'")
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


async def test_n5_4_a_reply_lost_after_data_is_unknown_and_resent_once(
    service: ServiceUnderTest, mailer: Any, sink: Any, queued: None
):
    """The server has the mail: once more with the same Message-ID, recorded; then a person decides."""

    async def drop(server: Any) -> None:
        server.transport.abort()

    sink.on_data = drop
    await mailer.settle(mailer.sender(sink.port))
    [row] = await mailer.rows()
    assert (row["state"], row["lost_replies"], row["next_attempt_at"] is not None) == ("unknown", 1, True)
    await mailer.time_passes()
    await mailer.settle(mailer.sender(sink.port))
    [row] = await mailer.rows()
    assert (row["state"], row["lost_replies"], row["next_attempt_at"]) == ("unknown", 2, None)
    assert len(sink.mails) == 2
    assert sink.mails[0].message["Message-ID"] == sink.mails[1].message["Message-ID"] == row["message_id"]
    assert sink.mails[0].message["Date"] == sink.mails[1].message["Date"]
    assert await mailer.log() == ["reply-lost", "reply-lost"]
    assert await service.published() == []


async def test_a_lost_reply_is_sent_when_the_second_copy_is_accepted(
    service: ServiceUnderTest, mailer: Any, sink: Any, queued: None
):
    async def drop_first(server: Any) -> None:
        if len(sink.mails) == 1:
            server.transport.abort()

    sink.on_data = drop_first
    await mailer.settle(mailer.sender(sink.port))
    await mailer.time_passes()
    await mailer.settle(mailer.sender(sink.port))
    assert (await mailer.rows())[0]["state"] == "sent"
    assert await mailer.log() == ["reply-lost", "sent"]
    assert len(await service.published(EmailSentV1)) == 1


async def test_n5_4_a_template_may_leave_lost_replies_to_a_person(
    service: ServiceUnderTest, mailer: Any, sink: Any, queued: None
):
    """Its policy, for replies and for senders that died."""
    path, leave = "/v1/templates/purchase", {"after_lost_reply": "leave"}
    assert (await service.http.patch(path, json=leave, headers=service.headers())).json()["version"] == 2

    async def drop(server: Any) -> None:
        server.transport.abort()

    sink.on_data = drop
    await mailer.settle(mailer.sender(sink.port))
    [row] = await mailer.rows()
    assert (row["state"], row["lost_replies"], row["next_attempt_at"]) == ("unknown", 1, None)
    await service.db.pool.execute("UPDATE emails SET state = 'sending', next_attempt_at = now()")
    await mailer.settle(mailer.sender(sink.port))
    [row] = await mailer.rows()
    assert (row["state"], row["reason"], row["next_attempt_at"]) == ("unknown", "lease-lost", None)
    assert len(sink.mails) == 1


async def test_a_conversation_that_breaks_off_before_the_content_does_not_stop_the_others(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    """The server drops the connection at some recipients: those wait, and the sender as a whole does not pause."""
    await service.deliver(
        make_partner(1, *(f"{n}@dead.example" for n in range(3)), *(f"{n}@p.example" for n in range(20)))
    )
    await service.deliver(make_lead())

    def drop(address: str) -> str | None:
        if address.endswith("dead.example"):
            sink.hang_up()
        return None

    sink.on_rcpt = drop
    sender = mailer.sender(sink.port, smtp_connections=1)
    async with mailer.running(sender):
        await mailer.until("count(*) = 20 FROM emails WHERE state = 'sent'")
        paused = sender._pause_seconds
    assert paused == 0
    waiting = [row for row in await mailer.rows() if row["domain"] == "dead.example"]
    assert {(row["state"], row["reason"]) for row in waiting} == {("queued", None)}
    assert await service.db.pool.fetchval("SELECT bool_and(event IN ('sent', 'interrupted')) FROM email_log")


async def test_n5_5_a_slow_domain_does_not_delay_others(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    """50 older mails to a domain whose recipients hang; the others go while those are still under way."""
    open_gate = asyncio.Event()

    async def slow(_: Any) -> None:
        if sink.mails[-1].recipients[0].endswith("slow.example"):
            await open_gate.wait()

    sink.on_data = slow
    await service.deliver(make_partner(1, *(f"{n}@slow.example" for n in range(50))))
    await service.deliver(make_partner(2, *(f"{n}@quick{n % 3}.example" for n in range(20))))
    await service.deliver(make_lead(1, partner=1))
    await service.deliver(make_lead(2, partner=2))
    async with mailer.running(mailer.sender(sink.port)):
        await mailer.until("count(*) = 20 FROM emails WHERE state = 'sent' AND domain LIKE 'quick%'")
        sending = await service.db.pool.fetchval("SELECT count(*) FROM emails WHERE state = 'sending'")
        assert sending == 4
        open_gate.set()
        await mailer.until("count(*) = 70 FROM emails WHERE state = 'sent'")


async def test_a_server_that_is_away_is_waited_for(service: ServiceUnderTest, mailer: Any, sink: Any, queued: None):
    """What it says about the server, it does not hold against the mail."""
    await sink.stop()
    sender = mailer.sender(sink.port)
    async with mailer.running(sender):
        await mailer.until("attempts = 1 AND state = 'queued' FROM emails")
        await sink.start()
        await mailer.time_passes()
        await mailer.until("state = 'sent' FROM emails")
    assert (await mailer.log())[0] == "unreachable"


async def test_idle_connections_that_the_server_left_cost_nothing(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, queued: None
):
    sender = mailer.sender(sink.port)
    async with mailer.running(sender):
        await mailer.until("state = 'sent' FROM emails")
        sink.hang_up()
        await service.deliver(make_lead(2))
        await mailer.until("count(*) = 2 FROM emails WHERE state = 'sent'")
    assert sink.connections == 2
    assert await mailer.log() == ["sent", "sent"]


async def test_two_senders_send_every_mail_once(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    """SKIP LOCKED and leases: no mail twice; connections are used again."""
    await service.deliver(make_partner(1, *(f"{n}@d{n % 7}.example" for n in range(20))))
    for number in range(10):
        await service.deliver(make_lead(number))
    await mailer.settle(mailer.sender(sink.port), mailer.sender(sink.port))
    ids = [mail.message["Message-ID"] for mail in sink.mails]
    assert (len(ids), len(set(ids))) == (200, 200)
    assert {row["attempts"] for row in await mailer.rows()} == {1}
    assert sink.connections <= 32


async def test_whoever_lost_the_lease_cannot_mark(service: ServiceUnderTest, mailer: Any, sink: Any, queued: None):
    """Stopped past its lease, a sender comes back with a 250; another has the mail by now and fails."""
    gate = asyncio.Event()

    async def hold_first(_: Any) -> str | None:
        if len(sink.mails) > 1:
            return "554 second copy refused"
        await gate.wait()
        return None

    sink.on_data = hold_first
    lease = timedelta(seconds=5)
    stopped, other = mailer.sender(sink.port), mailer.sender(sink.port, lease)
    async with mailer.running(stopped):
        await mailer.until("state = 'sending' FROM emails")
        await service.db.pool.execute("UPDATE emails SET next_attempt_at = now() - interval '1 second'")
        async with mailer.running(other):
            await mailer.until("state = 'failed' FROM emails")
        gate.set()
    [row] = await mailer.rows()
    assert (row["state"], row["reason"], row["lost_leases"], row["attempts"]) == ("failed", "smtp-554", 1, 2)
    assert await mailer.log() == ["lease-lost", "refused"]
    assert len(await service.published()) == 1


async def test_asked_to_stop_it_finishes_what_it_sends(service: ServiceUnderTest, mailer: Any, sink: Any, queued: None):
    gate = asyncio.Event()

    async def wait(_: Any) -> None:
        await gate.wait()

    sink.on_data = wait
    task = asyncio.create_task(mailer.sender(sink.port).run())
    while not sink.mails:  # noqa: ASYNC110 -- until the server has the content
        await asyncio.sleep(0.01)
    task.cancel()
    asyncio.get_running_loop().call_soon(gate.set)
    with contextlib.suppress(asyncio.CancelledError):
        await task
    [row] = await mailer.rows()
    assert row["state"] == "sent"
