"""Verdicts and content of held leads in any order (S0.10, V4.1)."""

from datetime import timedelta
from typing import Any

from contracts.events.assignment import LeadClaimedV1
from contracts.events.intake import LeadUpdatedV1
from contracts.events.validation import CaseRejectedV1, CaseReleasedV1, CaseReopenedV1
from notify_svc.retention.keep_ledgers import Kept, prune_ledgers
from servicekit.testing import ServiceUnderTest


async def test_s0_10_a_verdict_that_comes_before_its_lead_waits_for_it(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, held: Any, confirmed: Any
):
    await hooks.receiver(hook_sink.url("/leads"))
    await service.deliver(confirmed())
    assert await hooks.rows() == []
    await service.deliver(held())
    await hooks.settle()
    assert [post.json["data"]["lead_id"] for post in hook_sink.posts] == ["lead_0001"]


async def test_s0_10_the_newest_content_is_delivered_once_in_any_order(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, held: Any, confirmed: Any
):
    """Updated before accepted, everything twice, and an update after the delivery."""
    await hooks.receiver(hook_sink.url("/leads"))
    accepted = held()
    names = [name for name in LeadUpdatedV1.__struct_fields__ if name != "comments"]
    updated = LeadUpdatedV1(**{name: getattr(accepted, name) for name in names}, comments="newer")
    late = LeadUpdatedV1(**{name: getattr(accepted, name) for name in names}, comments="too late")
    for event, sequence in ((updated, 2), (accepted, 1), (confirmed(), 2), (late, 3), (confirmed(), 2), (accepted, 1)):
        await service.deliver(event, sequence)
    await hooks.settle()
    [post] = hook_sink.posts
    assert post.json["data"]["comments"] == "newer"
    assert await service.db.pool.fetchval("SELECT count(content) FROM held_leads") == 0


async def test_v4_1_released_leads_are_delivered_rejected_ones_only_once_they_are_reopened_and_confirmed(  # noqa: PLR0917 -- fixtures
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, held: Any, confirmed: Any, lead_ref: Any
):
    await hooks.receiver(hook_sink.url("/leads"))
    for number in (1, 2):
        await service.deliver(held(number))
    await service.deliver(CaseReleasedV1(lead=lead_ref(1)), 2)
    await service.deliver(CaseRejectedV1(lead=lead_ref(2)), 2)
    await hooks.settle()
    assert [post.json["data"]["lead_id"] for post in hook_sink.posts] == ["lead_0001"]
    await service.deliver(CaseReopenedV1(lead=lead_ref(2)), 3)
    await service.deliver(CaseRejectedV1(lead=lead_ref(2)), 2)
    await hooks.settle()
    assert len(hook_sink.posts) == 1
    await service.deliver(confirmed(2), 4)
    await hooks.settle()
    assert [post.json["data"]["lead_id"] for post in hook_sink.posts] == ["lead_0001", "lead_0002"]


async def test_s0_10_a_verdict_that_was_taken_back_delivers_nothing_when_it_comes_late(  # noqa: PLR0917 -- fixtures
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, held: Any, confirmed: Any, lead_ref: Any
):
    await hooks.receiver(hook_sink.url("/leads"))
    await service.deliver(held())
    await service.deliver(CaseReopenedV1(lead=lead_ref()), 3)
    await service.deliver(confirmed(), 2)
    assert await hooks.rows() == []
    await service.deliver(confirmed(), 4)
    assert len(await hooks.rows()) == 1


async def test_the_ledger_forgets_what_is_old_and_done(  # noqa: PLR0917 -- fixtures
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, held: Any, confirmed: Any, lead_ref: Any
):
    await hooks.receiver(hook_sink.url("/leads"))
    await hooks.endpoint(hook_sink.url(), owner_kind="crm", owner_id=None)
    for number in (1, 2):
        await service.deliver(held(number))
    await service.deliver(confirmed(1))
    await service.deliver(CaseRejectedV1(lead=lead_ref(2)))
    await service.db.pool.execute("UPDATE held_leads SET decided_at = now() - interval '31 days'")
    await hooks.settle()
    await service.deliver(LeadClaimedV1(lead=lead_ref(3), received_at=held().received_at, agent_id="usr_1"))
    await prune_ledgers(service.db, Kept(mails=timedelta(seconds=-60), webhooks=timedelta(seconds=-60)))
    assert [row["state"] for row in await hooks.rows()] == ["queued"]
    assert await service.db.pool.fetchval("SELECT count(*) FROM held_leads") == 0
    assert await service.db.pool.fetchval("SELECT count(*) FROM webhook_attempts") == 0
