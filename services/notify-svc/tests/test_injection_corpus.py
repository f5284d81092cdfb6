"""A corpus of header, HTML, template and CSV payloads, in every place where outsiders write, judged at the sink."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from contracts.events.assignment import MessageRequestedV1
from contracts.events.intake import ReturnRequestedV1
from contracts.events.values import Person
from notify_svc.digests.make_digests import make_one
from servicekit.testing import ServiceUnderTest

HEADERS = [
    "x\r\nBcc: evil@x.example",
    "x\nBcc: evil@x.example\n\nbody",
    "x\rBcc: evil@x.example",
    "x\u2028Bcc: evil@x.example\u0085Cc: evil@x.example\x0bTo: evil@x.example",
    "=?utf-8?q?x=0d=0aBcc:_evil@x.example?=",
    "x\r\n.\r\nMAIL FROM:<evil@x.example>\r\nRCPT TO:<evil@x.example>\r\nDATA\r\n",
    "x\n.\nQUIT",
    "x" * 3_000 + "\r\nBcc: evil@x.example",
    "--eml_boundary--\r\nContent-Type: text/html\r\n\r\n<script>1</script>",
]
HTML = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</td></tr></table><iframe src=//evil.example>",
    "<!--<base href=//evil.example>-->",
    "</pre><style>*{background:url(//evil.example)}</style>",
    "<a href='javascript:alert(1)'>x</a>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "<\u0000script>alert(1)</script>".replace("\u0000", "\ufffd"),
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
]
LIQUID = [
    "{{ partner.name }}",
    "{% for i in (1..999999999) %}x{% endfor %}",
    "{{ 'a' | safe }}{{ lead.__class__ }}",
    "{% include '/etc/passwd' %}{% render 'x' %}",
    "{% raw %}{{ x }}{% endraw %}{% comment %}",
    "{{",
    "%}{% assign partner = 1 %}",
]
CSV = ["=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1+1)", "\t=1+1", '"=HYPERLINK(""//evil.example"")"']
CORPUS = {"headers": HEADERS, "html": HTML, "liquid": LIQUID, "csv": CSV}
ALLOWED = {
    "html", "head", "meta", "title", "body", "p", "b", "table", "tbody", "tr", "th", "td", "ul", "li", "hr", "h3",
    "pre",
}  # fmt: skip
OWN_HEADERS = {
    "From", "To", "Subject", "Auto-Submitted", "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Date",
    "Message-ID",
}  # fmt: skip


class _Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def _words(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("kind", CORPUS)
async def test_n5_3_what_outsiders_write_stays_text(  # noqa: PLR0917 -- fixtures and a parameter
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any, kind: str
):
    """In mails of purchases, returns, digests and agents: same headers, one recipient, no new markup, same words."""
    html = "<p>{{ v }}</p><table><tr><td>{{ v | upcase }}</td></tr></table>"
    template = {"name": "T", "subject": "Hi {{ v }}", "html": html}
    key = (await service.http.post("/v1/templates", json=template, headers=service.headers())).json()["id"]
    for number, payload in enumerate(CORPUS[kind]):
        await _tell(service, 2 * number, payload, key, make_lead, make_partner)
    await service.db.pool.execute("UPDATE digest_items SET due_at = now() - interval '1 hour'")
    while await make_one(service.db):
        pass
    await mailer.settle(mailer.sender(sink.port, smtp_connections_per_domain=8))
    recipients = Counter(mail.recipients[0].partition("@")[0].rstrip("0123456789") for mail in sink.mails)
    assert recipients == dict.fromkeys(("agent", "digest", "purchase", "return"), len(CORPUS[kind]))
    for mail in sink.mails:
        [recipient] = mail.recipients
        payload = CORPUS[kind][int(recipient.partition("@")[0].lstrip("adegihnprstuc")) // 2]
        _judge(mail, payload)


async def _tell(service: ServiceUnderTest, number: int, payload: str, key: str, *make: Any) -> None:
    make_lead, make_partner = make
    standard: dict[str, Any] = {"name": payload, "include_comments_with_return": True}
    returns = {"return_notification_emails": [f"return{number}@p.example"]}
    await service.deliver(make_partner(number, f"purchase{number}@p.example", **standard, **returns))
    digest = {"purchase_notification_mode": "hourly"}
    await service.deliver(make_partner(number + 1, f"digest{number}@p.example", **standard, **digest))
    for lead_number in (number, number + 1):
        person = Person(first_name=payload, last_name=payload)
        lead = make_lead(lead_number, lead_number, external_id=payload, comments=payload, person=person)
        await service.deliver(lead)
    now = datetime(2026, 3, 2, tzinfo=UTC)
    ref = make_lead(number, number).lead
    about: dict[str, Any] = {"requested_at": now, "answer_by": now + timedelta(days=7), "external_id": payload}
    await service.deliver(
        ReturnRequestedV1(return_id=f"ret_{number}", lead=ref, reason=payload, comment=payload, **about)
    )
    asked: dict[str, Any] = {"message_id": f"msg_{number}", "template_id": key, "agent_id": "usr_1"}
    to = f"agent{number}@p.example"
    await service.deliver(
        MessageRequestedV1(lead=ref, received_at=now, recipient=to, variables={"v": payload}, **asked)
    )


def _judge(mail: Any, payload: str) -> None:
    assert set(mail.message.keys()) <= OWN_HEADERS
    kinds = [part.get_content_type() for part in mail.message.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]
    seen = _Tags(mail.body("html"))
    assert set(seen.tags) <= ALLOWED
    assert seen.attributes <= {"lang", "charset", "align"}
    assert _words(payload)[:200] in _words(mail.body("plain"))
    assert _words(payload)[:200] in _words(seen.text)


@pytest.mark.parametrize("payload", [*HEADERS[:4], HEADERS[5]])
async def test_n5_3_no_address_breaks_out_of_its_command(  # noqa: PLR0917 -- fixtures and a parameter
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any, payload: str
):
    """Those that come with events are refused at sending, those of the API at the door."""
    address = f"a@b.example{payload}"
    await service.deliver(make_partner(1, address))
    await service.deliver(make_lead())
    await mailer.settle(mailer.sender(sink.port))
    assert sink.mails == []
    assert {row["reason"] for row in await mailer.rows()} == {"address-invalid"}
    for path, body in (
        ("/v1/templates/purchase/test", {"to": address}),
        ("/v1/email-recipients", {"address": address}),
        ("/v1/email-suppressions", {"address": address, "reason": "x"}),
    ):
        answer = await service.http.post(path, json=body, headers=service.headers())
        assert answer.status_code == 422
        assert "evil" not in answer.text
