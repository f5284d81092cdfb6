"""What happens to deliveries when endpoints hang, workers die, stop or are many (N5.6, guarantee 2)."""

import asyncio
import contextlib
from typing import Any

from contracts.events.notify import WebhookDeliveredV1
from servicekit.testing import ServiceUnderTest

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


async def test_n5_6_whoever_lost_the_lease_cannot_mark(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    """Stopped past its lease, a sender comes back with a 204 while another has the delivery, which is refused then."""
    gates = [asyncio.Event(), asyncio.Event()]
    answers = [OK, b"HTTP/1.1 500 No\r\n\r\n"]

    async def hold(_: Any, __: Any) -> bytes:
        number = len(hook_sink.posts) - 1
        await gates[number].wait()
        return answers[number]

    hook_sink.answer = hold
    await hooks.endpoint(hook_sink.url())
    await service.deliver(make_lead())
    stopped = asyncio.create_task(hooks.sender().run())
    await _until_posted(hook_sink, 1)
    await service.db.pool.execute("UPDATE webhook_deliveries SET next_attempt_at = now() - interval '1 second'")
    async with hooks.running(hooks.sender()):
        await _until_posted(hook_sink, 2)
        asyncio.get_running_loop().call_soon(gates[0].set)
        await _stop(stopped)
        assert (await hooks.row())["state"] == "sending"
        gates[1].set()
        await hooks.until("status_code = 500 FROM webhook_deliveries")
    row = await hooks.row()
    assert (row["state"], row["lost_leases"], row["attempts"]) == ("retrying", 1, 2)
    assert await hooks.log() == ["lease-lost", "refused"]
    assert await hooks.told(WebhookDeliveredV1) == []


async def test_n5_6_asked_to_stop_it_finishes_what_it_sends(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    gate = asyncio.Event()

    async def wait(_: Any, __: Any) -> bytes:
        await gate.wait()
        return OK

    hook_sink.answer = wait
    await hooks.endpoint(hook_sink.url())
    await service.deliver(make_lead())
    task = asyncio.create_task(hooks.sender().run())
    await _until_posted(hook_sink, 1)
    asyncio.get_running_loop().call_soon(gate.set)
    await _stop(task)
    assert (await hooks.row())["state"] == "delivered"


async def test_n5_6_a_secret_that_cannot_be_opened_is_no_reason_to_send_unsigned(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    await hooks.endpoint(hook_sink.url())
    await service.deliver(make_lead())
    await hooks.settle(hooks.sender(webhook_secret_key="another key that seals nothing of ours"))
    assert await hooks.reason() == ("retrying", "secret-unreadable")
    assert hook_sink.posts == []
    await hooks.time_passes()
    await hooks.settle()
    assert (await hooks.row())["state"] == "delivered"


async def _until_posted(hook_sink: Any, count: int) -> None:
    async with asyncio.timeout(20):
        while len(hook_sink.posts) < count:  # noqa: ASYNC110 -- until the receiver has it
            await asyncio.sleep(0.01)


async def _stop(sender: asyncio.Task[None]) -> None:
    """Returns when what it was sending is finished and marked."""
    sender.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sender
