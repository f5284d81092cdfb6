"""Receivers that redirect, hang, drip, talk without end, or answer nonsense (N5.6)."""

import asyncio
from typing import Any

import pytest
from servicekit.testing import ServiceUnderTest


async def test_n5_6_a_redirection_is_a_failure_and_nobody_follows_it(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, other_sink: Any, make_lead: Any
):
    await hooks.endpoint(hook_sink.url())
    hook_sink.replies(hook_sink.reply(307, location=other_sink.url()))
    await service.deliver(make_lead())
    await hooks.settle()
    assert await hooks.reason() == ("retrying", "status-307")
    assert await hooks.log() == ["redirected"]
    assert (len(hook_sink.posts), other_sink.connections) == (1, 0)


async def test_n5_6_who_never_answers_is_left_after_the_timeout(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    """Silence, and a head that drips for ever, a byte at a time."""
    done = asyncio.Event()

    async def silence(_: Any, __: Any) -> None:
        await done.wait()

    async def drip(_: Any, writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nx-long: ")
        while True:
            writer.write(b"a")
            await writer.drain()
            await asyncio.sleep(0.01)

    await hooks.endpoint(hook_sink.url())
    await service.deliver(make_lead())
    for answer in (silence, drip):
        hook_sink.answer = answer
        await hooks.settle(hooks.sender(webhook_timeout_seconds=0.5))
        assert await hooks.reason() == ("retrying", "timeout")
        await hooks.time_passes()
    assert await hooks.log() == ["timeout", "timeout"]


async def test_n5_6_the_status_decides_however_large_or_slow_the_body_is(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    sent, status = 0, 200

    async def endless(_: Any, writer: Any) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 %d Well\r\ntransfer-encoding: chunked\r\n\r\n" % status)
        while True:
            writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
            await writer.drain()
            sent += 0x10000

    hook_sink.answer = endless
    await hooks.endpoint(hook_sink.url())
    await service.deliver(make_lead(1))
    await hooks.settle()
    assert (await hooks.row())["state"] == "delivered"
    status = 400
    await service.deliver(make_lead(2))
    await hooks.settle()
    assert [row["state"] for row in await hooks.rows()] == ["delivered", "retrying"]
    assert sent < 20 * 1024 * 1024  # what the sockets' buffers took
    longest = await service.db.pool.fetchval("SELECT max(length(excerpt)) FROM webhook_attempts")
    assert longest == 200


async def test_n5_6_a_head_without_end_is_not_read_to_its_end(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    async def endless(_: Any, writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"x-more: " + b"x" * 1000 + b"\r\n")
            await writer.drain()

    hook_sink.answer = endless
    await hooks.endpoint(hook_sink.url())
    await service.deliver(make_lead())
    await hooks.settle()
    assert await hooks.reason() == ("retrying", "reply-lost")


@pytest.mark.parametrize("nonsense", [b"", b"220 mail.example ESMTP\r\n", b"HTTP/1.1 101 Switch\r\n\r\n"])
async def test_n5_6_what_is_no_answer_is_no_delivery(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any, nonsense: bytes
):
    hook_sink.replies(nonsense)
    await hooks.endpoint(hook_sink.url())
    await service.deliver(make_lead())
    await hooks.settle()
    assert (await hooks.row())["state"] == "retrying"


async def test_n5_6_of_a_refusal_only_a_short_excerpt_without_personal_data_is_kept(  # noqa: PLR0917 -- fixtures
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any, sold: Any, make_partner: Any
):
    await service.deliver(make_partner(2))
    await hooks.endpoint(hook_sink.url(), owner_id="ptr_2", receives_leads=True)
    echo = b"no Virta, aino@example.com or other@example.net, call +358 40 123 4567\n please\x00" + b"z" * 500
    hook_sink.replies(hook_sink.reply(422, echo))
    await service.deliver(sold())
    await hooks.settle()
    row = await hooks.row()
    shown = await hooks.call("GET", f"/v1/webhook-deliveries/{row['id']}")
    [entry] = shown["log"]
    assert entry["excerpt"].startswith("no …, … or … call … please z")
    assert (entry["status_code"], entry["event"], len(entry["excerpt"])) == (422, "refused", 200)
    assert "body" not in shown
