"""What leads and partners write stays text: in headers, in HTML, in templates."""

from typing import Any

import pytest
from contracts.events.values import Person
from notify_svc.templates.rendering import Template, TemplateUnrenderable
from servicekit.testing import ServiceUnderTest


async def _mail_of(mailer: Any, sink: Any, lead: Any) -> Any:
    await mailer.service.deliver(lead)
    await mailer.settle(mailer.sender(sink.port))
    [mail] = sink.mails
    assert mail.recipients == ["buyer1@p1.example"]
    return mail


async def test_line_breaks_make_no_headers(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    await service.deliver(make_partner(name="P\r\nBcc: evil@x.example\r\n\r\nbody"))
    lead = make_lead(
        external_id="1\r\nBcc: evil@x.example\r\n\r\n<b>body</b>",
        person=Person(first_name="A\r\n.\r\nMAIL FROM:<evil@x.example>", last_name="B\u2028C"),
    )
    mail = await _mail_of(mailer, sink, lead)
    assert mail.message["Bcc"] is None
    assert mail.message["Subject"] == "Lead 1 Bcc: evil@x.example <b>body</b> was accepted"
    assert "MAIL FROM:<evil@x.example>" in mail.body("plain")
    assert set(mail.message.keys()) == {
        "From", "To", "Subject", "Auto-Submitted", "MIME-Version", "Content-Type", "Date", "Message-ID",
    }  # fmt: skip


async def test_html_in_comments_stays_text(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    await service.deliver(make_partner(name='<img src="x">'))
    evil = "<script>alert(1)</script> & \"quotes\" 'too'"
    mail = await _mail_of(mailer, sink, make_lead(comments=evil))
    assert evil in mail.body("plain")
    assert "<script" not in mail.body("html")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in mail.body("html")
    assert "<img" not in mail.body("html")


async def test_liquid_in_fields_stays_text(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    await service.deliver(make_partner())
    evil = "{{ partner.name }}{% for i in (1..9) %}x{% endfor %}"
    mail = await _mail_of(mailer, sink, make_lead(comments=evil, external_id="{{ lead.id }}"))
    assert evil in mail.body("plain")
    assert evil in mail.body("html")
    assert mail.message["Subject"] == "Lead {{ lead.id }} was accepted"


async def test_non_ascii_and_dots_arrive_as_they_were(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    await service.deliver(make_partner(name="Öljy & Lämpö"))
    text = "Hyvää päivää ✓\n.\n..\n" + "x" * 2000
    mail = await _mail_of(mailer, sink, make_lead(comments=text))
    assert "Hyvää päivää ✓\n.\n..\n" + "x" * 2000 in mail.body("plain").replace("\r\n", "\n")
    assert "Öljy & Lämpö" in mail.body("plain")
    assert max(len(line) for line in mail.content.split(b"\r\n")) <= 998


async def test_addresses_with_line_breaks_are_refused_and_shown(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    await service.deliver(make_partner(1, "a@b.example\r\nRCPT TO:<evil@x.example>", "good@b.example"))
    await service.deliver(make_lead())
    await mailer.settle(mailer.sender(sink.port))
    assert [mail.recipients for mail in sink.mails] == [["good@b.example"]]
    states = {row["recipient"][:4]: (row["state"], row["reason"]) for row in await mailer.rows()}
    assert states == {"a@b.": ("failed", "address-invalid"), "good": ("sent", None)}


@pytest.mark.parametrize(
    "text",
    [
        "{{ lead.phone }}",
        "{{ other }}",
        "{% for i in (1..2000) %}x{% endfor %}",
        "{{ lead.id | no_such_filter }}",
        "{% include 'x' %}",
        "{{ lead.id",
    ],
)
def test_n5_3_templates_are_strict_and_limited(text: str):
    with pytest.raises(TemplateUnrenderable):
        Template("s", text, "h").render({"lead": {"id": "1"}})
