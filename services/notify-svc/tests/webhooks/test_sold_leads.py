"""Sold leads on their way to the buyer (I2.24)."""

from typing import Any

import pytest
from contracts.events.notify import AlarmRaisedV1
from contracts.events.values import Account, Person
from messaging.errors import NotYet
from servicekit.testing import ServiceUnderTest


async def test_i2_24_a_sold_lead_goes_to_its_buyer_by_webhook_and_by_mail(  # noqa: PLR0917 -- fixtures
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, mailer: Any, sink: Any, sold: Any, make_partner: Any
):
    """To nobody else; of our projects and sponsors the buyer hears nothing."""
    await service.deliver(make_partner(2, sold_lead_emails=["Buyer@B.example"]))
    await service.deliver(make_partner(1))
    buyer = await hooks.receiver(hook_sink.url("/buyer"), "partner", "ptr_2")
    await hooks.receiver(hook_sink.url("/seller"), "partner", "ptr_1")
    await hooks.receiver(hook_sink.url("/sponsor"))
    await service.deliver(sold())
    await hooks.settle()
    [post] = hook_sink.posts
    told = post.verified_with(buyer["secret"])
    assert (post.path, told["type"]) == ("/buyer", "lead.sold.v1")
    data = told["data"]
    assert (data["lead_id"], data["sale_id"], data["person"]["email"]) == ("lead_0001", "sale_1", "aino@example.com")
    assert not {"project_id", "sponsor_id", "contact_list_id", "partner_id", "external_id"} & data.keys()
    await mailer.settle(mailer.sender(sink.port))
    [mail] = sink.mails
    assert mail.recipients == ["buyer@b.example"]
    assert "+358401234567" in mail.body("plain")
    assert "wants solar panels" in mail.body("html")


async def test_i2_24_a_sale_waits_for_its_buyer_to_be_known_and_alarms_if_nobody_can_receive_it(
    service: ServiceUnderTest, hooks: Any, sold: Any, make_partner: Any
):
    with pytest.raises(NotYet):
        await service.deliver(sold())
    await service.deliver(make_partner(2))
    await service.deliver(sold())
    [alarm] = await hooks.told(AlarmRaisedV1)
    assert (alarm.alarm, alarm.key) == ("sale-without-receiver", "sale_1")


async def test_i2_24_a_buyer_that_runs_leadwire_gets_it_on_its_own_intake(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, sold: Any, make_partner: Any
):
    """api.md's push with its partner key: our lead id is the external id there, so that a repeat changes nothing."""
    await service.deliver(make_partner(2))
    await hooks.leadwire(hook_sink.url("/v1/leads"))
    answer = b'{"id": "lead_theirs", "status": "accepted"}'
    head = b"HTTP/1.1 201 Created\r\ncontent-length: %d\r\n\r\n" % len(answer)
    hook_sink.replies(b"", head + answer)
    account = Account(external_id="acc-1", name="Example Oy")
    person = Person(first_name="Aino", last_name="Virta", phone="+358401234567", address={"city": "Oulu"})
    await service.deliver(sold(account=account, person=person))
    await hooks.settle()
    await hooks.time_passes()
    await hooks.settle()
    first, second = hook_sink.posts
    assert (first.body, first.path) == (second.body, "/v1/leads")
    assert second.headers["authorization"] == "Bearer lw_live_abcdefghijklmnop"
    assert second.json == {
        "external_id": "lead_0001",
        "project_id": "prj_theirs",
        "first_name": "Aino",
        "last_name": "Virta",
        "phone": "+358401234567",
        "address": {"city": "Oulu"},
        "account": {"external_id": "acc-1", "name": "Example Oy", "fields": {}},
        "comments": "wants solar panels",
        "custom": {"size": 5},
        "test": False,
    }
    row = await hooks.row()
    assert (row["state"], row["remote_id"]) == ("delivered", "lead_theirs")


async def test_i2_24_a_lead_that_the_buyers_leadwire_rejects_raises_an_alarm(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, sold: Any, make_partner: Any
):
    await service.deliver(make_partner(2))
    await hooks.leadwire(hook_sink.url("/v1/leads"))
    answer = b'{"id": "lead_theirs", "status": "rejected", "reason": "duplicate"}'
    hook_sink.replies(b"HTTP/1.1 201 Created\r\ncontent-length: %d\r\n\r\n" % len(answer) + answer)
    await service.deliver(sold())
    await hooks.settle()
    assert (await hooks.row())["state"] == "delivered"
    [alarm] = await hooks.told(AlarmRaisedV1)
    assert (alarm.alarm, alarm.lead_id) == ("sold-lead-rejected", "lead_0001")
