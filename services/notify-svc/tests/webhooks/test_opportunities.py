"""Opportunities, orders and answers: to CRMs and sponsors, and to no partner (A3.8, N5.6)."""

from datetime import UTC, datetime
from typing import Any

from contracts.events.assignment import (
    LeadConvertedV1,
    LeadResolvedV1,
    OpportunityCreatedV1,
    OrderCompletedV1,
    SurveyAnsweredV1,
)
from contracts.events.values import Account, Money, Order, Person
from servicekit.testing import ServiceUnderTest

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


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
