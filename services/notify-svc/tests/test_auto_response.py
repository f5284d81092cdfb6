"""N2.11: the partner's own template answers a return."""

from datetime import UTC, datetime
from typing import Any

from contracts.events.notify import AlarmRaisedV1
from servicekit.testing import ServiceUnderTest

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


async def test_n2_11_the_partners_own_template_answers_a_return(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_return: Any, make_partner: Any
):
    new = {
        "name": "Auto",
        "subject": "Sorry about {{ lead.external_id }}",
        "text": "{{ partner.name }}: {{ data.reason }}",
    }
    made = await service.http.post("/v1/templates", json=new, headers=service.headers())
    partner = make_partner(email="Boss@p.example", auto_response_template_id=made.json()["id"])
    await service.deliver(partner)
    await service.deliver(make_return())
    await mailer.settle(mailer.sender(sink.port))
    [mail] = sink.mails
    assert mail.recipients == ["boss@p.example"]
    assert str(mail.message["Subject"]) == "Sorry about ext-1"
    assert mail.message.get_content().strip() == "Partner 1: wrong-number"


async def test_n2_11_a_template_that_never_was_stops_no_other_mail_and_is_an_alarm(
    service: ServiceUnderTest, mailer: Any, make_return: Any, make_partner: Any
):
    await service.deliver(
        make_partner(
            return_notification_emails=["r@p.example"], email="b@p.example", auto_response_template_id="tpl_no"
        )
    )
    await service.deliver(make_return())
    assert [row["template"] for row in await mailer.rows()] == ["return"]
    [alarm] = await service.published(AlarmRaisedV1)
    assert isinstance(alarm, AlarmRaisedV1)
    assert (alarm.alarm, alarm.key) == ("template-missing", "ptr_1")
