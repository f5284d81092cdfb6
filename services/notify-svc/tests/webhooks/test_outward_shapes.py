"""What each audience hears of the same event (N5.6, I2.10, A3.8, I2.24)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from contracts.events.intake import ReturnRequestedV1, SaleReturnAcceptedV1
from servicekit.testing import ServiceUnderTest

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


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
