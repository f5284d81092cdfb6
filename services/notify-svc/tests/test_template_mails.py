"""N2.12, N5.3: what templates look like where they arrive."""

from typing import Any

from servicekit.testing import ServiceUnderTest

TEMPLATES = "/v1/templates"


async def test_n2_12_a_mail_remembers_the_version_that_it_was_queued_with(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    await service.deliver(make_partner())
    await service.deliver(make_lead(1))
    changes = {"subject": "Changed {{ lead.external_id }}"}
    assert (await service.http.patch(f"{TEMPLATES}/purchase", json=changes, headers=service.headers())).is_success
    await service.deliver(make_lead(2))
    await mailer.settle(mailer.sender(sink.port))
    assert sorted(str(mail.message["Subject"]) for mail in sink.mails) == ["Changed ext-2", "Lead ext-1 was accepted"]


async def test_n5_3_preview_inlines_styles_and_always_has_a_text(service: ServiceUnderTest, make_template: Any):
    made = await make_template()
    answer = await service.http.post(f"{TEMPLATES}/{made['id']}/preview", json={}, headers=service.headers())
    shown = answer.json()
    assert shown["subject"] == "About CRM-1"
    assert '<p style="color: red;">Dear <b>Aino</b></p>' in shown["html"]
    assert shown["text"] == "Dear Aino\n\nhere (https://a.example/x)\n"
    tried = {"text": "Only {{ lead.name }}", "html": None, "sample": {"lead": {"external_id": "2", "name": "<X>"}}}
    shown = (await service.http.post(f"{TEMPLATES}/{made['id']}/preview", json=tried, headers=service.headers())).json()
    assert shown == {"subject": "About 2", "html": None, "text": "Only <X>"}
    assert (await service.http.get(f"{TEMPLATES}/{made['id']}", headers=service.headers())).json()["text"] is None


async def test_n5_3_a_test_send_arrives_as_it_is_and_stands_in_the_ledger(
    service: ServiceUnderTest, make_template: Any, mailer: Any, sink: Any
):
    made = await make_template()
    quiet = {"address": "me@centre.example", "quiet_from": "00:00", "quiet_until": "23:59:59.999999"}
    assert (await service.http.post("/v1/email-recipients", json=quiet, headers=service.headers())).status_code == 201
    body = {"to": "Me@Centre.example", "sample": {"lead": {"external_id": "7", "name": "Åsa"}}}
    answer = await service.http.post(f"{TEMPLATES}/{made['id']}/test", json=body, headers=service.headers())
    assert (answer.status_code, answer.json()["state"], answer.json()["lead_id"]) == (202, "queued", None)
    await mailer.settle(mailer.sender(sink.port))
    [mail] = sink.mails
    assert (mail.recipients, str(mail.message["Subject"])) == (["me@centre.example"], "About 7")
    assert "Dear Åsa" in mail.body("plain")
    assert 'style="color: red;"' in mail.body("html")


async def test_n5_3_a_mail_of_text_only_has_one_part(
    service: ServiceUnderTest, make_template: Any, mailer: Any, sink: Any
):
    made = await make_template(html=None, text="Hyvää päivää {{ lead.name }}")
    body = {"to": "me@centre.example"}
    await service.http.post(f"{TEMPLATES}/{made['id']}/test", json=body, headers=service.headers())
    await mailer.settle(mailer.sender(sink.port))
    [mail] = sink.mails
    assert mail.message.get_content_type() == "text/plain"
    assert mail.message.get_content().strip() == "Hyvää päivää Aino"
