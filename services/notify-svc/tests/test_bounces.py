"""N5.2: refused addresses, bounces and complaints suppress; what was suppressed is shown, and lifted by admins."""

from typing import Any

import pytest
import pytest_asyncio
from contracts.events.notify import EmailBouncedV1, EmailSuppressedV1
from servicekit.testing import ServiceUnderTest

BOUNCES = "/v1/email-bounces"
SUPPRESSIONS = "/v1/email-suppressions"
ADDRESS = "buyer1@p1.example"

DSN = """From: MAILER-DAEMON@mx.example
To: leads@centre.example
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain

It did not work.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Original-Recipient: rfc822;Buyer1@P1.example
Final-Recipient: rfc822; buyer1@p1.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 <buyer1@p1.example>
 no such user

--b1
Content-Type: {original}

Message-ID: {message_id}
Subject: Lead

--b1--
"""
COMPLAINT = """From: fbl@provider.example
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b2"

--b2
Content-Type: text/plain

A complaint.

--b2
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1

--b2
Content-Type: message/rfc822

Message-ID: {message_id}
Subject: Lead

Body
--b2--
"""


@pytest_asyncio.fixture
async def sent(service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any) -> Any:
    """A mail that a server took."""
    await service.deliver(make_partner())
    await service.deliver(make_lead())
    await mailer.settle(mailer.sender(sink.port))
    [row] = await mailer.rows()
    assert row["state"] == "sent"
    await service.db.pool.execute("DELETE FROM outbox")
    return row


async def _report(service: ServiceUnderTest, body: str, kind: str = "message/rfc822") -> list[str]:
    headers = service.headers("integration") | {"Content-Type": kind}
    answer = await service.http.post(BOUNCES, content=body.replace("\n", "\r\n").encode(), headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


@pytest.mark.parametrize("original", ["message/rfc822", "text/rfc822-headers"])
async def test_n5_2_a_delivery_status_suppresses_the_address_and_is_told_once(  # noqa: PLR0917 -- fixtures and a parameter
    service: ServiceUnderTest, mailer: Any, sink: Any, sent: Any, make_lead: Any, original: str
):
    body = DSN.format(action="failed", status="5.1.1", original=original, message_id=sent["message_id"])
    assert await _report(service, body) == ["taken"]
    assert await _report(service, body) == ["known"]
    [event] = await service.published()
    assert isinstance(event, EmailBouncedV1)
    assert (event.kind, event.reason, event.email_id) == ("bounce", "bounce-5.1.1", sent["id"])
    [row] = await mailer.rows()
    assert (row["state"], row["reason"]) == ("failed", "bounce-5.1.1")
    [suppression] = (await service.http.get(SUPPRESSIONS, headers=service.headers("supervisor"))).json()["data"]
    assert (suppression["address"], suppression["kind"], suppression["email_id"]) == (ADDRESS, "bounce", sent["id"])
    assert suppression["reply"] == "smtp; 550 5.1.1 <buyer1@p1.example> no such user"
    await service.deliver(make_lead(2))
    await mailer.settle(mailer.sender(sink.port))
    row = (await mailer.rows())[-1]
    assert (row["state"], row["reason"], row["attempts"]) == ("suppressed", "address-bounce", 0)
    assert len(sink.mails) == 1
    assert len(await service.published(EmailSuppressedV1)) == 1


async def test_n5_2_a_report_without_its_own_headers_is_read_by_those_of_the_request(
    service: ServiceUnderTest, sent: Any
):
    whole = DSN.format(action="failed", status="5.0.0", original="message/rfc822", message_id=sent["message_id"])
    body = whole.partition("\n\n")[2]
    assert await _report(service, body, 'multipart/report; report-type=delivery-status; boundary="b1"') == ["taken"]


async def test_n5_2_a_delay_is_written_down_and_changes_nothing(service: ServiceUnderTest, mailer: Any, sent: Any):
    body = DSN.format(action="delayed", status="4.4.1", original="message/rfc822", message_id=sent["message_id"])
    assert await _report(service, body) == ["noted"]
    assert (await mailer.rows())[0]["state"] == "sent"
    assert await mailer.log() == ["sent", "delayed"]
    assert await service.published() == []


async def test_n5_2_a_complaint_suppresses_and_the_mail_stays_sent(service: ServiceUnderTest, mailer: Any, sent: Any):
    assert await _report(service, COMPLAINT.format(message_id=sent["message_id"])) == ["taken"]
    [event] = await service.published(EmailBouncedV1)
    assert isinstance(event, EmailBouncedV1)
    assert (event.kind, event.reason) == ("complaint", "complaint-abuse")
    assert (await mailer.rows())[0]["state"] == "sent"


async def test_n5_2_json_names_the_mail_by_its_message_id_or_its_recipient(
    service: ServiceUnderTest, sent: Any, make_lead: Any, make_partner: Any
):
    """Only what was sent can come back: not a mail that waits, nor one of another house with an id of ours."""
    await service.deliver(make_partner(2))
    await service.deliver(make_lead(2, partner=2))
    headers = service.headers("integration")
    for body, result in (
        ({"kind": "bounce", "recipient": "buyer2@p2.example"}, "unknown-mail"),
        ({"kind": "bounce", "message_id": f"<{sent['id']}@else.example>"}, "unknown-mail"),
        ({"kind": "bounce", "recipient": "nobody@else.example"}, "unknown-mail"),
        ({"kind": "bounce", "message_id": "<eml_x@centre.example>"}, "unknown-mail"),
        ({"kind": "bounce", "message_id": sent["message_id"].strip("<>"), "status": "5.1.1"}, "taken"),
        ({"kind": "complaint", "recipient": ADDRESS.upper()}, "taken"),
        ({"kind": "complaint", "recipient": ADDRESS}, "known"),
    ):
        answer = await service.http.post(BOUNCES, json=body, headers=headers)
        assert (answer.status_code, answer.json()) == (200, {"results": [result]})


async def test_n5_2_a_mail_that_was_asked_for_again_may_come_back_again(
    service: ServiceUnderTest, mailer: Any, sink: Any, sent: Any
):
    """A person thought that the address is good after all: the second report is news, and suppresses it anew."""
    body = DSN.format(action="failed", status="5.1.1", original="message/rfc822", message_id=sent["message_id"])
    assert await _report(service, body) == ["taken"]
    headers = service.headers()
    [suppression] = (await service.http.get(SUPPRESSIONS, headers=headers)).json()["data"]
    assert (await service.http.delete(f"{SUPPRESSIONS}/{suppression['id']}", headers=headers)).status_code == 204
    assert (await service.http.post(f"/v1/emails/{sent['id']}/resend", headers=headers)).status_code == 200
    await mailer.settle(mailer.sender(sink.port))
    assert [row["state"] for row in await mailer.rows()] == ["sent"]
    assert await _report(service, body) == ["taken"]
    assert await _report(service, body) == ["known"]
    assert [row["state"] for row in await mailer.rows()] == ["failed"]
    assert len((await service.http.get(SUPPRESSIONS, headers=headers)).json()["data"]) == 1
    assert len(await service.published(EmailBouncedV1)) == 2


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", '{"kind": "bounce"}', 422),
        ("application/json", '{"kind": "bounce", "recipient": "a@b.example", "odd": 1}', 422),
        ("application/json", "{", 400),
        ("text/plain", "x", 415),
        ("multipart/report", "nothing in it", 422),
        ("message/rfc822", "Subject: x\r\n\r\nbody", 422),
        ("message/delivery-status", "\x00\xff", 422),
    ],
)
async def test_n5_2_what_is_no_report_is_refused(service: ServiceUnderTest, kind: str, body: str, status: int):
    headers = service.headers("integration") | {"Content-Type": kind}
    answer = await service.http.post(BOUNCES, content=body.encode("latin-1"), headers=headers)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("level", ["supervisor", "leads_agent", "sponsor", "partner", "call_centre"])
async def test_n5_2_bounces_are_for_integrations(service: ServiceUnderTest, level: str):
    answer = await service.http.post(BOUNCES, json={"kind": "bounce"}, headers=service.headers(level))
    assert answer.status_code == 403
