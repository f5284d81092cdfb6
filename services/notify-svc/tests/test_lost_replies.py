"""N5.4: what becomes of a mail whose server fell silent, and of one whose lease was lost."""

import asyncio
import contextlib
from typing import Any

from contracts.events.notify import EmailSentV1
from servicekit.testing import ServiceUnderTest


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


async def test_whoever_lost_the_lease_cannot_mark(service: ServiceUnderTest, mailer: Any, sink: Any, queued: None):
    """Stopped past its lease, a sender comes back with a 250 while another has the mail, and fails then."""
    gates, replies = [asyncio.Event(), asyncio.Event()], ["250 OK", "554 second copy refused"]

    async def hold(_: Any) -> str:
        number = len(sink.mails) - 1
        await gates[number].wait()
        return replies[number]

    sink.on_data = hold
    stopped = asyncio.create_task(mailer.sender(sink.port).run())
    await _until_mailed(sink, 1)
    await service.db.pool.execute("UPDATE emails SET next_attempt_at = now() - interval '1 second'")
    async with mailer.running(mailer.sender(sink.port)):
        await _until_mailed(sink, 2)
        asyncio.get_running_loop().call_soon(gates[0].set)
        await _stop(stopped)
        assert [row["state"] for row in await mailer.rows()] == ["sending"]
        gates[1].set()
        await mailer.until("state = 'failed' FROM emails")
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
    await _until_mailed(sink, 1)
    asyncio.get_running_loop().call_soon(gate.set)
    await _stop(task)
    [row] = await mailer.rows()
    assert row["state"] == "sent"


async def _until_mailed(sink: Any, count: int) -> None:
    async with asyncio.timeout(20):
        while len(sink.mails) < count:  # noqa: ASYNC110 -- until the server has the content
            await asyncio.sleep(0.01)


async def _stop(sender: asyncio.Task[None]) -> None:
    """Returns when what it was sending is finished and marked."""
    sender.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sender
