"""Who hears of what, in what words, and how often (N5.6, I2.10)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from contracts.events.assignment import (
    LeadClaimedV1,
    LeadConvertedV1,
    LeadResolvedV1,
    OpportunityCreatedV1,
    OrderCompletedV1,
    SurveyAnsweredV1,
)
from contracts.events.intake import LeadRejectedV1, ReturnRequestedV1, SaleReturnAcceptedV1
from contracts.events.values import Account, Money, Order, Person
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


@pytest.mark.parametrize("with_comments", [True, False])
async def test_i2_10_comments_reach_the_partner_only_where_it_asked_for_them(  # noqa: PLR0917 -- fixtures
    service: ServiceUnderTest,
    hooks: Any,
    hook_sink: Any,
    make_partner: Any,
    lead_ref: Any,
    with_comments: bool,
):
    await service.deliver(make_partner(1, include_comments_with_return=with_comments))
    await hooks.endpoint(hook_sink.url("/partner"))
    await hooks.endpoint(hook_sink.url("/sponsor"), owner_kind="sponsor", owner_id="spo_1")
    returned = ReturnRequestedV1(
        return_id="ret_1",
        lead=lead_ref(),
        reason="wrong number",
        requested_at=NOW,
        answer_by=NOW + timedelta(days=7),
        comment="she was rude",
        actor="usr_9",
        evidence={"attempts": 3},
    )
    await service.deliver(returned)
    await hooks.settle()
    told = {post.path: post.json["data"] for post in hook_sink.posts}
    assert told["/partner"].get("comment") == ("she was rude" if with_comments else None)
    assert told["/partner"]["reason"] == "wrong number"
    assert "comment" not in told["/sponsor"]
    assert not any(b"usr_9" in post.body or b"evidence" in post.body for post in hook_sink.posts)


async def test_a3_8_opportunities_with_their_contact_go_to_crms_and_to_no_partner(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, lead_ref: Any
):
    for kind, owner_id in (("crm", None), ("partner", "ptr_1"), ("sponsor", "spo_1")):
        await hooks.endpoint(hook_sink.url(f"/{kind}"), owner_kind=kind, owner_id=owner_id)
    opportunity = OpportunityCreatedV1(
        lead=lead_ref(),
        received_at=NOW,
        opportunity_id="opp_1",
        tool_id="tool_1",
        tool="Solar offer",
        module="deals",
        agent_id="usr_7",
        contact=Person(first_name="Aino", phone="+358401234567"),
        account=Account(external_id="acc-1", name="Example Oy"),
        fields={"size_kw": 5},
    )
    await service.deliver(opportunity)
    await hooks.settle()
    told = {post.path: post.json["data"] for post in hook_sink.posts}
    assert told.keys() == {"/crm", "/sponsor"}
    assert told["/crm"]["contact"]["phone"] == "+358401234567"
    assert (told["/crm"]["account"]["external_id"], told["/crm"]["fields"]) == ("acc-1", {"size_kw": 5})
    assert told["/sponsor"].keys() & {"contact", "account", "fields", "tool"} == set()


async def test_n5_6_orders_and_answers_reach_the_sponsor(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, lead_ref: Any
):
    await hooks.endpoint(hook_sink.url("/s"), owner_kind="sponsor", owner_id="spo_1")
    await hooks.endpoint(hook_sink.url("/p"))
    order = Order(number="o-1", status="completed", total=Money(amount_minor=4990, currency="EUR"))
    common: dict[str, Any] = {"lead": lead_ref(), "received_at": NOW}
    await service.deliver(OrderCompletedV1(**common, order_id="ord_1", order=order))
    await service.deliver(LeadConvertedV1(**common, agent_id="usr_7", order_id="ord_1", order=order))
    await service.deliver(
        SurveyAnsweredV1(**common, answer_id="ans_1", template_id="sur_1", template_version=2, agent_id="usr_7",
                         answers={"satisfied": True})
    )  # fmt: skip
    await service.deliver(
        LeadResolvedV1(**common, agent_id="usr_7", disposition_id="dis_1", disposition="Sale elsewhere", note="secret")
    )
    await hooks.settle()
    told = {(post.path, post.json["type"]): post.json["data"] for post in hook_sink.posts}
    assert told["/s", "assignment.order.completed.v1"]["order"]["total"] == {"amount_minor": 4990, "currency": "EUR"}
    assert told["/s", "assignment.survey.answered.v1"]["answers"] == {"satisfied": True}
    assert told["/s", "assignment.lead.resolved.v1"]["disposition"] == "Sale elsewhere"
    assert sorted(kind for path, kind in told if path == "/p") == [
        "assignment.lead.converted.v1", "assignment.lead.resolved.v1", "assignment.order.completed.v1",
    ]  # fmt: skip
    assert all("order" not in data and "disposition" not in data for (path, _), data in told.items() if path == "/p")


async def test_n5_6_test_leads_are_marked(service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any):
    await hooks.endpoint(hook_sink.url())
    await service.deliver(make_lead(1, test=True))
    await service.deliver(make_lead(2))
    await hooks.settle()
    assert sorted(post.json["data"]["test"] for post in hook_sink.posts) == [False, True]


async def test_i2_24_of_the_return_of_a_sold_lead_its_buyer_hears_and_nobody_else(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, lead_ref: Any
):
    """Its own words and our answer; not who sold the lead to us, and under which id."""
    for name, kind, owner_id in (("buyer", "partner", "ptr_2"), ("seller", "partner", "ptr_1"), ("crm", "crm", None)):
        await hooks.endpoint(hook_sink.url(f"/{name}"), owner_kind=kind, owner_id=owner_id)
    await hooks.endpoint(hook_sink.url("/sponsor"), owner_kind="sponsor", owner_id="spo_1")
    answered = SaleReturnAcceptedV1(
        return_id="ret_1",
        sale_id="sale_1",
        buyer_id="ptr_2",
        lead=lead_ref(),
        reason="wrong number",
        requested_at=NOW,
        answer_by=NOW + timedelta(days=7),
        comment="nobody there",
        answer="we are sorry",
        external_id="theirs",
        actor="usr_9",
    )
    await service.deliver(answered)
    await hooks.settle()
    [post] = hook_sink.posts
    assert (post.path, post.json["type"]) == ("/buyer", "intake.sale_return.accepted.v1")
    assert post.json["data"].items() >= {"lead_id": "lead_0001", "sale_id": "sale_1", "answer": "we are sorry"}.items()
    assert not {"project_id", "partner_id", "external_id", "actor"} & post.json["data"].keys()
