"""N5.6: a partner finds its own lead in every webhook, by its own id; nobody else sees that id."""

from datetime import UTC, datetime
from typing import Any

from contracts.events.assignment import LeadClaimedV1
from contracts.events.intake import ErasureRequestedV1
from servicekit.testing import ServiceUnderTest

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def _told(hook_sink: Any, event_type: str) -> dict[str, Any]:
    return {post.path: post.json["data"] for post in hook_sink.posts if post.json["type"] == event_type}


async def test_n5_6_events_of_assignment_and_validation_name_the_partners_own_id(  # noqa: PLR0917 -- fixtures
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, held: Any, lead_ref: Any, confirmed: Any
):
    await hooks.endpoint(hook_sink.url("/partner"))
    await hooks.endpoint(hook_sink.url("/sponsor"), owner_kind="sponsor", owner_id="spo_1")
    await hooks.endpoint(hook_sink.url("/crm"), owner_kind="crm", owner_id=None)
    await service.deliver(held())
    await service.deliver(confirmed())
    await service.deliver(LeadClaimedV1(lead=lead_ref(), received_at=NOW, agent_id="usr_7"))
    await service.deliver(LeadClaimedV1(lead=lead_ref(2), received_at=NOW, agent_id="usr_7"), 2)
    await hooks.settle()
    assert _told(hook_sink, "validation.case.confirmed.v1")["/partner"]["external_id"] == "ext-1"
    claimed = [post for post in hook_sink.posts if post.json["type"] == "assignment.lead.claimed.v1"]
    mine = {p.json["data"]["lead_id"]: p.json["data"]["external_id"] for p in claimed if p.path == "/partner"}
    assert mine == {"lead_0001": "ext-1", "lead_0002": None}
    assert not any("external_id" in post.json["data"] for post in hook_sink.posts if post.path != "/partner")


async def test_n5_6_a_lead_of_that_id_of_another_partner_stays_its_own(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any, lead_ref: Any
):
    """Even an event that puts a lead under another partner does not hand its name over."""
    await hooks.endpoint(hook_sink.url("/two"), owner_id="ptr_2")
    await service.deliver(make_lead(1, partner=1))
    await service.deliver(LeadClaimedV1(lead=lead_ref(1, 2), received_at=NOW, agent_id="usr_7"))
    await hooks.settle()
    assert _told(hook_sink, "assignment.lead.claimed.v1")["/two"]["external_id"] is None


async def test_i2_27_an_erasure_forgets_the_name_and_it_does_not_come_back(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    await hooks.endpoint(hook_sink.url())
    await service.deliver(make_lead())
    await service.deliver(ErasureRequestedV1(erasure_id="ers_1", lead_ids=["lead_0001"]))
    await service.deliver(make_lead(), 2)
    assert await service.db.pool.fetchval("SELECT count(*) FROM external_ids") == 0
