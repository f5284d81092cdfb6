"""DNS rebinding: every attempt resolves once, checks every address, and connects to one of those."""

from typing import Any

from servicekit.testing import ServiceUnderTest


async def test_n5_6_a_name_that_comes_to_mean_a_private_address_is_refused_at_that_attempt(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any, names_of: Any
):
    """DNS rebinding: first a good address, then the cloud's metadata; asked once per attempt, never between."""
    await hooks.endpoint(hook_sink.url(host="rebinding.example"))
    names = names_of(["127.0.0.1"], ["169.254.169.254"], ["127.0.0.1", "10.0.0.1"], [])
    hook_sink.replies(b"HTTP/1.1 500 No\r\n\r\n")
    await service.deliver(make_lead())
    for _ in range(4):
        await hooks.settle(hooks.sender(names))
        await hooks.time_passes()
    assert names.asked == ["rebinding.example"] * 4
    assert await hooks.log() == ["refused", "address-refused", "address-refused", "address-refused"]
    excerpts = await service.db.pool.fetch("SELECT excerpt FROM webhook_attempts ORDER BY id OFFSET 1")
    assert [row["excerpt"] for row in excerpts] == ["address-not-allowed", "address-not-allowed", "address-unknown"]
    assert len(hook_sink.posts) == 1
    assert hook_sink.posts[0].headers["host"] == f"rebinding.example:{hook_sink.port}"


async def test_n5_6_the_address_that_was_checked_is_the_one_that_is_connected_to(
    service: ServiceUnderTest,
    hooks: Any,
    hook_sink: Any,
    make_lead: Any,
    names_of: Any,
):
    """After the check nobody resolves the name again: the system does not know it."""
    await hooks.endpoint(hook_sink.url(host="only.once.example"))
    await service.deliver(make_lead())
    await hooks.settle(hooks.sender(names_of(["127.0.0.1"])))
    assert (await hooks.row())["state"] == "delivered"


async def test_n5_6_of_several_addresses_the_next_is_tried_where_one_does_not_answer(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any, names_of: Any
):
    await hooks.endpoint(hook_sink.url(host="several.example"))
    await service.deliver(make_lead())
    await hooks.settle(hooks.sender(names_of(["127.0.0.9", "127.0.0.1"])))
    assert (await hooks.row())["state"] == "delivered"


async def test_n5_6_out_of_development_this_machine_is_out_of_reach(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    """Also for an endpoint that was made while it was allowed."""
    await hooks.endpoint(hook_sink.url())
    await service.deliver(make_lead())
    await hooks.settle(hooks.sender(webhook_addresses="public", webhook_allow_insecure=False))
    assert await hooks.log() == ["address-refused"]
    assert hook_sink.connections == 0
