"""N2.9, N2.11, I2.10: what partners hear of returns."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from contracts.events.intake import (
    ReturnAcceptedV1,
    ReturnContent,
    ReturnDeclinedV1,
    ReturnDisputedV1,
    ReturnLapsedV1,
    ReturnRequestedV1,
)
from contracts.events.notify import AlarmRaisedV1
from messaging.errors import NotYet
from servicekit.testing import ServiceUnderTest

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def _return(make_lead: Any, kind: type[ReturnContent] = ReturnRequestedV1, **fields: Any) -> Any:
    standard: dict[str, Any] = {
        "return_id": "ret_1",
        "lead": make_lead().lead,
        "reason": "wrong-number",
        "requested_at": NOW,
        "answer_by": NOW + timedelta(days=7),
        "comment": "The agent thinks it is a fax",
        "external_id": "ext-1",
        "evidence": {"validation_notes": ["secret note"]},
    }
    return kind(**(standard | fields))


async def test_n2_9_a_return_is_mailed_to_each_address_for_returns(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    await service.deliver(make_partner(return_notification_emails=["r1@p.example", "R2@p.example"]))
    await service.deliver(_return(make_lead))
    await mailer.settle(mailer.sender(sink.port))
    assert sorted(mail.recipients[0] for mail in sink.mails) == ["r1@p.example", "r2@p.example"]
    for mail in sink.mails:
        assert str(mail.message["Subject"]) == "Lead ext-1 is returned"
        assert "wrong-number" in mail.body("plain")
        assert "2026-03-09" in mail.body("html")


@pytest.mark.parametrize("included", [False, True])
async def test_i2_10_comments_are_only_in_the_mail_where_the_partner_may_see_them(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any, *, included: bool
):
    """Neither in what is sent nor in what is kept; notes of validators never."""
    await service.deliver(
        make_partner(return_notification_emails=["r@p.example"], include_comments_with_return=included)
    )
    await service.deliver(_return(make_lead))
    await mailer.settle(mailer.sender(sink.port))
    [mail] = sink.mails
    assert ("a fax" in mail.body("plain")) is included
    assert ("a fax" in mail.body("html")) is included
    [row] = await mailer.rows()
    assert ("a fax" in str(row["variables"])) is included
    assert "secret note" not in str(row["variables"])


async def test_n2_9_what_became_of_returns_is_told_where_the_rule_is_turned_on(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    await service.deliver(make_partner(return_notification_emails=["r@p.example"]))
    await service.deliver(_return(make_lead, ReturnAcceptedV1))
    assert await mailer.rows() == []
    path = "/v1/notification-rules/rul_return_answer"
    assert (await service.http.patch(path, json={"active": True}, headers=service.headers())).is_success
    for kind in (ReturnAcceptedV1, ReturnDeclinedV1, ReturnDisputedV1):
        await service.deliver(_return(make_lead, kind))
    await service.deliver(_return(make_lead, ReturnLapsedV1, outcome="accepted"))
    await mailer.settle(mailer.sender(sink.port))
    assert sorted(str(mail.message["Subject"]).rpartition(" ")[2] for mail in sink.mails) == [
        "accepted", "declined", "disputed", "lapsed",
    ]  # fmt: skip


async def test_n2_11_the_partners_own_template_answers_a_return(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    new = {
        "name": "Auto",
        "subject": "Sorry about {{ lead.external_id }}",
        "text": "{{ partner.name }}: {{ data.reason }}",
    }
    made = await service.http.post("/v1/templates", json=new, headers=service.headers())
    partner = make_partner(email="Boss@p.example", auto_response_template_id=made.json()["id"])
    await service.deliver(partner)
    await service.deliver(_return(make_lead))
    await mailer.settle(mailer.sender(sink.port))
    [mail] = sink.mails
    assert mail.recipients == ["boss@p.example"]
    assert str(mail.message["Subject"]) == "Sorry about ext-1"
    assert mail.message.get_content().strip() == "Partner 1: wrong-number"


async def test_n2_11_a_template_that_never_was_stops_no_other_mail_and_is_an_alarm(
    service: ServiceUnderTest, mailer: Any, make_lead: Any, make_partner: Any
):
    await service.deliver(
        make_partner(
            return_notification_emails=["r@p.example"], email="b@p.example", auto_response_template_id="tpl_no"
        )
    )
    await service.deliver(_return(make_lead))
    assert [row["template"] for row in await mailer.rows()] == ["return"]
    [alarm] = await service.published(AlarmRaisedV1)
    assert isinstance(alarm, AlarmRaisedV1)
    assert (alarm.alarm, alarm.key) == ("template-missing", "ptr_1")


async def test_n2_9_a_return_that_comes_before_its_partner_waits(
    service: ServiceUnderTest, mailer: Any, make_lead: Any, make_partner: Any
):
    with pytest.raises(NotYet):
        await service.deliver(_return(make_lead))
    await service.deliver(make_partner(return_notification_emails=["r@p.example"]))
    await service.deliver(_return(make_lead))
    assert len(await mailer.rows()) == 1
