"""Connections to the server: used again, shared, given up when the server leaves them."""

import asyncio
import contextlib
from types import SimpleNamespace
from typing import Any

import pytest
from notify_svc.dispatching import UnderWay
from servicekit.testing import ServiceUnderTest


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
        paused = sender._desk._pause_seconds
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
        hanging = [mail for mail in sink.mails if mail.recipients[0].endswith("slow.example")]
        assert 1 <= len(hanging) <= 4
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


async def test_while_the_server_is_away_few_mails_try_it_rarer_and_rarer(
    mailer: Any, sink: Any, make_lead: Any, queued: None, monkeypatch: pytest.MonkeyPatch
):
    now = 1000.0
    monkeypatch.setattr("notify_svc.sending.desk.time", SimpleNamespace(monotonic=lambda: now))
    desk = mailer.sender(sink.port)._desk
    for number in range(2, 9):
        await mailer.service.deliver(make_lead(number))
    await sink.stop()

    async def claim() -> list[Any]:
        async with mailer.service.db.unit_of_work() as work:
            return (await desk.claim(work, UnderWay(1, {}, frozenset()))).items

    waits: list[float] = []
    claimed = await claim()
    for _ in range(7):
        [email], began = claimed, now
        assert (await desk.attempt(email, contextlib.nullcontext())).event == "unreachable"
        while not (claimed := await claim()):
            now += 1
        waits.append(now - began)
    assert waits == [1, 2, 4, 8, 16, 30, 30]


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
