"""A3.3: an agent sends an activated template to a lead."""

from typing import Any

import pytest
from contracts.events.assignment import MessageRequestedV1
from messaging.errors import PermanentFailure
from servicekit.testing import ServiceUnderTest


def _message(make_lead: Any, key: str, number: int = 1, **fields: Any) -> MessageRequestedV1:
    lead = make_lead()
    standard: dict[str, Any] = {
        "message_id": f"msg_{number}",
        "template_id": key,
        "agent_id": "usr_1",
        "recipient": "Aino@Example.com",
        "variables": {"lead": {"first_name": "Aino"}},
    }
    return MessageRequestedV1(lead=lead.lead, received_at=lead.received_at, **(standard | fields))


async def _template(service: ServiceUnderTest) -> str:
    body = {"name": "T", "subject": "Hello {{ lead.first_name }}", "html": "<p>Dear {{ lead.first_name }}</p>"}
    return (await service.http.post("/v1/templates", json=body, headers=service.headers())).json()["id"]


async def test_a3_3_one_mail_per_message_however_often_it_is_asked_for(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any
):
    key = await _template(service)
    for _ in range(3):
        await service.deliver(_message(make_lead, key))
    await service.deliver(_message(make_lead, key, 2))
    await mailer.settle(mailer.sender(sink.port))
    assert [mail.recipients for mail in sink.mails] == [["aino@example.com"]] * 2
    assert "Dear Aino" in sink.mails[0].body("plain")
    assert {row["lead_id"] for row in await mailer.rows()} == {"lead_0001"}


async def test_a3_3_a_template_that_was_deleted_meanwhile_is_still_sent(
    service: ServiceUnderTest, mailer: Any, make_lead: Any
):
    key = await _template(service)
    assert (await service.http.delete(f"/v1/templates/{key}", headers=service.headers())).status_code == 204
    await service.deliver(_message(make_lead, key))
    assert len(await mailer.rows()) == 1


async def test_a3_3_a_template_that_never_was_is_parked_for_a_person(service: ServiceUnderTest, make_lead: Any):
    with pytest.raises(PermanentFailure, match="template-unknown"):
        await service.deliver(_message(make_lead, "tpl_no"))


async def test_a3_3_a_message_whose_variables_are_missing_fails_with_its_reason(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any
):
    await service.deliver(_message(make_lead, await _template(service), variables={}))
    await mailer.settle(mailer.sender(sink.port))
    [row] = await mailer.rows()
    assert (row["state"], row["reason"], sink.mails) == ("failed", "template-unrenderable", [])
