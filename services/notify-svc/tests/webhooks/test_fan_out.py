"""Who hears of what, in what words, and how often (N5.6, I2.10)."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from contracts.events.assignment import (
    LeadClaimedV1,
)
from contracts.events.intake import LeadRejectedV1
from servicekit.testing import ServiceUnderTest

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
INSIDE = {"agent_id", "previous_agent_id", "actor", "note", "decided_by", "evidence", "person"}


async def test_n5_6_everybody_hears_of_their_own_leads_only(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, lead_ref: Any
):
    owners = {
        "p1": ("partner", "ptr_1"), "p2": ("partner", "ptr_2"), "s1": ("sponsor", "spo_1"), "s2": ("sponsor", "spo_2"),
        "j1": ("project", "prj_1"), "j2": ("project", "prj_2"), "crm": ("crm", None),
    }  # fmt: skip
    for name, (kind, owner_id) in owners.items():
        await hooks.endpoint(hook_sink.url(f"/{name}"), owner_kind=kind, owner_id=owner_id)
    await service.deliver(LeadClaimedV1(lead=lead_ref(1), received_at=NOW, agent_id="usr_7", actor="usr_7"))
    await service.deliver(LeadClaimedV1(lead=lead_ref(2, 2, sponsor_id="spo_2"), received_at=NOW, agent_id="usr_7"))
    await service.deliver(LeadClaimedV1(lead=lead_ref(3, 3, sponsor_id=None), received_at=NOW, agent_id="usr_7"))
    await hooks.settle()
    heard: dict[str, set[str]] = {}
    for post in hook_sink.posts:
        assert b"usr_7" not in post.body
        heard.setdefault(post.path[1:], set()).add(post.json["data"]["lead_id"])
    one, two, three = "lead_0001", "lead_0002", "lead_0003"
    assert heard == {
        "p1": {one}, "p2": {two}, "s1": {one}, "s2": {two}, "j1": {one, two, three}, "crm": {one, two, three},
    }  # fmt: skip


async def test_n5_6_an_endpoint_hears_what_it_asked_for(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any, lead_ref: Any
):
    await hooks.endpoint(hook_sink.url("/one"), "intake.lead.rejected.v1")
    await hooks.endpoint(hook_sink.url("/group"), "intake.lead.*")
    await hooks.endpoint(hook_sink.url("/nothing"), event_types=[], receives_leads=True)
    await service.deliver(make_lead())
    rejected = LeadRejectedV1(lead=lead_ref(2), external_id="ext-2", received_at=NOW, reason="duplicate")
    await service.deliver(rejected)
    await hooks.settle()
    heard = sorted((post.path, post.json["type"]) for post in hook_sink.posts)
    assert heard == [
        ("/group", "intake.lead.accepted.v1"),
        ("/group", "intake.lead.rejected.v1"),
        ("/one", "intake.lead.rejected.v1"),
    ]


async def test_n5_6_one_delivery_per_event_and_endpoint_whatever_is_repeated(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any
):
    await hooks.endpoint(hook_sink.url())
    again = uuid4()
    for _ in range(3):
        await service.deliver(make_lead(), message_id=again)
    await service.db.pool.execute("DELETE FROM inbox")
    await service.deliver(make_lead(), message_id=again)
    await hooks.settle()
    assert len(hook_sink.posts) == len(await hooks.rows()) == 1


async def test_n5_6_test_leads_are_marked(service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any):
    await hooks.endpoint(hook_sink.url())
    await service.deliver(make_lead(1, test=True))
    await service.deliver(make_lead(2))
    await hooks.settle()
    assert sorted(post.json["data"]["test"] for post in hook_sink.posts) == [False, True]
