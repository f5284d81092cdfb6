"""Erasure of what webhooks hold (I2.27)."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from contracts.envelope import Trace, decode_envelope, encode
from contracts.events.assignment import (
    LeadWithdrawnV1,
)
from contracts.events.intake import LeadErasedV1
from messaging.subscription import Received
from notify_svc.webhook_events.fan_out import fan_out
from servicekit.testing import ServiceUnderTest

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


async def test_i2_27_erasure_leaves_no_body_and_later_events_make_nothing(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any, lead_ref: Any
):
    """But that the lead was erased: receivers have to forget it, too. Other leads are untouched."""
    await hooks.endpoint(hook_sink.url())
    hook_sink.replies(b"HTTP/1.1 400 No\r\ncontent-length: 4\r\n\r\nodd!", b"HTTP/1.1 204 OK\r\n\r\n")
    await service.deliver(make_lead(1))
    await hooks.settle()
    await service.deliver(make_lead(2))
    removed = await hooks.erase("lead_0001", "lead_unknown")
    assert removed == {"held_leads": 0, "webhook_attempts": 1, "webhook_deliveries": 1, "external_ids": 1}
    await service.deliver(LeadWithdrawnV1(lead=lead_ref(1), received_at=NOW, reason="erased", cause_id="era_1"))
    await service.deliver(LeadErasedV1(lead=lead_ref(1), erasure_id="era_1"))
    await hooks.time_passes()
    await hooks.settle()
    rows = [(row["lead_id"], row["event_type"], row["state"], row["body"] is None) for row in await hooks.rows()]
    assert rows == [
        ("lead_0001", "intake.lead.accepted.v1", "cancelled", True),
        ("lead_0002", "intake.lead.accepted.v1", "delivered", False),
        ("lead_0001", "intake.lead.erased.v1", "delivered", False),
    ]
    assert await service.db.pool.fetchval("SELECT count(excerpt) FROM webhook_attempts") == 0
    row = (await hooks.rows())[0]
    answer = await hooks.call("POST", f"/v1/webhook-deliveries/{row['id']}/replay", 409)
    assert answer["code"] == "delivery-erased"
    since = {"since": "2020-01-01T00:00:00Z"}
    assert (await hooks.call("POST", f"/v1/webhook-endpoints/{row['endpoint_id']}/recover", json=since))["queued"] == 0


async def test_i2_27_an_erasure_while_deliveries_are_made_misses_none(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    await hooks.endpoint(hook_sink.url())
    for number in range(10):
        await asyncio.gather(service.deliver(make_lead(number)), hooks.erase(f"lead_{number:04}"))
    assert [row for row in await hooks.rows() if row["body"] is not None] == []


async def test_i2_27_what_is_under_way_is_not_marked_after_its_erasure(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    async def erase_meanwhile(_: Any, __: Any) -> bytes:
        await hooks.erase("lead_0001")
        return b"HTTP/1.1 500 No\r\n\r\n"

    hook_sink.answer = erase_meanwhile
    await hooks.endpoint(hook_sink.url())
    await service.deliver(make_lead())
    await hooks.settle()
    row = await hooks.row()
    assert (row["state"], row["reason"], row["body"]) == ("cancelled", "erased", None)
    assert len(hook_sink.posts) == 1


async def test_i2_27_last_words_let_nothing_else_of_their_batch_through(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, lead_ref: Any
):
    await hooks.endpoint(hook_sink.url())
    events = [
        LeadErasedV1(lead=lead_ref(1), erasure_id="era_1"),
        LeadWithdrawnV1(lead=lead_ref(1), received_at=NOW, reason="erased", cause_id="era_1"),
    ]
    messages = [encode(event, source="/leadwire/test", sequence=1, trace=Trace()) for event in events]
    batch = [Received(event, decode_envelope(m.body)) for event, m in zip(events, messages, strict=True)]
    await hooks.erase("lead_0001")
    async with service.db.unit_of_work() as work:
        await fan_out(work, batch)
    assert [row["event_type"] for row in await hooks.rows()] == ["intake.lead.erased.v1"]
