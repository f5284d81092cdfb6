"""Leads on their way out: confirmed ones to sponsors, sold ones to buyers (N5.6, S0.10, I2.24)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from contracts.events.assignment import LeadClaimedV1
from contracts.events.intake import LeadUpdatedV1
from contracts.events.notify import AlarmRaisedV1, WebhookDeliveredV1
from contracts.events.validation import CaseRejectedV1, CaseReleasedV1, CaseReopenedV1
from notify_svc.webhook_deliveries.clean_ledger import clean_ledger
from notify_svc.webhook_deliveries.scrub_deliveries import scrub_deliveries
from servicekit.testing import ServiceUnderTest


@pytest.fixture
def held(make_lead: Any, lead_ref: Any) -> Any:
    def make(number: int = 1, after_validation: str = "deliver", **fields: Any) -> Any:
        made = make_lead(number, hold=True, after_validation=after_validation, **fields)
        return type(made)(**{name: getattr(made, name) for name in made.__struct_fields__} | {"lead": lead_ref(number)})

    return make


async def test_s0_10_a_confirmed_lead_is_with_its_sponsor_within_a_second(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, held: Any, confirmed: Any
):
    """From the event to the sink, through the ledger and the sender that runs; the content, and nothing internal."""
    endpoint = await hooks.receiver(hook_sink.url("/leads"))
    await service.deliver(held())
    assert await hooks.rows() == []
    arrived = asyncio.Event()

    async def arrive(_: Any, __: Any) -> bytes:
        arrived.set()
        return b"HTTP/1.1 200 OK\r\n\r\n"

    hook_sink.answer = arrive
    loop = asyncio.get_running_loop()
    async with hooks.running(hooks.sender()):
        began = loop.time()
        await service.deliver(confirmed())
        async with asyncio.timeout(20):
            await arrived.wait()
        took = loop.time() - began
        await hooks.until("state = 'delivered' FROM webhook_deliveries")
    assert took < 5  # 1 s at rest: api.md; this machine may be busy
    [post] = hook_sink.posts
    told = post.verified_with(endpoint["secret"])
    assert told["type"] == "lead.delivered.v1"
    assert told["data"]["person"]["phone"] == "+358401234567"
    assert (told["data"]["lead_id"], told["data"]["comments"]) == ("lead_0001", "words about 1")
    assert not {"partner_id", "external_id", "priority", "problems"} & told["data"].keys()
    assert b"internal words" not in post.body
    [event] = await hooks.told(WebhookDeliveredV1)
    assert (event.purpose, event.cause_type) == ("delivery", "validation.case.confirmed.v1")
    assert await service.db.pool.fetchval("SELECT content IS NULL AND delivered FROM held_leads")


async def test_s0_10_only_where_the_project_delivers(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, held: Any, confirmed: Any
):
    """`queue` keeps nothing of the content; `deliver` and `both` deliver; a lead that was not held never does."""
    await hooks.receiver(hook_sink.url("/leads"))
    for number, after in enumerate(("queue", "deliver", "both")):
        await service.deliver(held(number, after))
    assert await service.db.pool.fetchval("SELECT count(content) FROM held_leads") == 2
    for number in range(4):
        await service.deliver(confirmed(number))
    await hooks.settle()
    assert sorted(post.json["data"]["lead_id"] for post in hook_sink.posts) == ["lead_0001", "lead_0002"]


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


async def test_s0_10_without_an_endpoint_an_alarm_is_raised_and_recover_delivers_later(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, held: Any, confirmed: Any
):
    await hooks.endpoint(hook_sink.url("/events"), owner_kind="project", owner_id="prj_1", receives_leads=False)
    await service.deliver(held())
    await service.deliver(confirmed())
    [alarm] = await hooks.told(AlarmRaisedV1)
    assert (alarm.alarm, alarm.key) == ("delivery-without-endpoint", "prj_1")
    endpoint = await hooks.receiver(hook_sink.url("/leads"), "project", "prj_1")
    other = await hooks.receiver(hook_sink.url("/other"), "project", "prj_2")
    since = {"since": "2020-01-01T00:00:00Z"}
    recover = "/v1/webhook-endpoints/{}/recover"
    assert await hooks.call("POST", recover.format(other["id"]), json=since) == {"queued": 0}
    assert await hooks.call("POST", recover.format(endpoint["id"]), json=since) == {"queued": 1}
    await hooks.settle()
    assert [post.path for post in hook_sink.posts if post.json["type"] == "lead.delivered.v1"] == ["/leads"]


async def test_i2_27_an_erased_lead_is_not_delivered_whatever_comes(  # noqa: PLR0917 -- fixtures
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, held: Any, confirmed: Any, sold: Any, make_partner: Any
):
    await service.deliver(make_partner(2, sold_lead_emails=["buyer@b.example"]))
    await hooks.receiver(hook_sink.url("/leads"))
    await service.deliver(held())
    async with service.db.unit_of_work() as work:
        assert (await scrub_deliveries(work, ["lead_0001"]))["held_leads"] == 1
    await service.deliver(confirmed())
    await service.deliver(held(), 5)
    await service.deliver(sold())
    await hooks.settle()
    assert await hooks.rows() == []
    assert await service.db.pool.fetchval("SELECT count(*) FROM held_leads") == 0
    assert await service.db.pool.fetchval("SELECT count(*) FROM emails") == 0


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
    await clean_ledger(service.db, timedelta(seconds=-60))
    assert [row["state"] for row in await hooks.rows()] == ["queued"]
    assert await service.db.pool.fetchval("SELECT count(*) FROM held_leads") == 0
    assert await service.db.pool.fetchval("SELECT count(*) FROM webhook_attempts") == 0
