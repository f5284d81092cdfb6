"""N5.4: the ledger and the templates over HTTP, and who may see them."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from servicekit.testing import ServiceUnderTest

EMAILS = "/v1/emails"


async def _queue(service: ServiceUnderTest, make_lead: Any, make_partner: Any, leads: int = 1) -> None:
    await service.deliver(make_partner(1, "a@p.example", "b@p.example"))
    for number in range(1, leads + 1):
        await service.deliver(make_lead(number))


async def test_n5_4_search_by_state_lead_and_recipient(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    await _queue(service, make_lead, make_partner, 3)

    def refuse_b(address: str) -> str | None:
        return "552 5.2.2 full" if address.startswith("b") else None

    sink.on_rcpt = refuse_b
    await mailer.settle(mailer.sender(sink.port))

    async def found(**query: Any) -> list[tuple[str, str]]:
        answer = await service.http.post(f"{EMAILS}/search", json=query, headers=service.headers("supervisor"))
        assert answer.status_code == 200, answer.text
        if "recipient" not in query:
            listed = await service.http.get(EMAILS, params=query, headers=service.headers("supervisor"))
            assert listed.json() == answer.json()
        return [(row["lead_id"][-1] + row["recipient"][0], row["state"]) for row in answer.json()["data"]]

    assert sorted(await found(state="failed")) == [("1b", "failed"), ("2b", "failed"), ("3b", "failed")]
    assert sorted(await found(lead_id="lead_0002")) == [("2a", "sent"), ("2b", "failed")]
    assert sorted(await found(recipient="A@P.example")) == [("1a", "sent"), ("2a", "sent"), ("3a", "sent")]
    assert await found(recipient="b@p.example", state="sent") == []
    assert len(await found(template="purchase")) == 6
    assert await found(template="return") == []
    [middle] = await service.db.pool.fetch(
        "SELECT created_at FROM emails WHERE lead_id = 'lead_0002' AND state = 'sent'"
    )
    since = middle["created_at"] - timedelta(milliseconds=20)
    assert {lead for lead, _ in await found(since=since.isoformat())} >= {"2a", "2b", "3a", "3b"}
    assert await found(since="2999-01-01T00:00:00Z") == []


async def test_pages_show_every_mail_once_newest_first(service: ServiceUnderTest, make_lead: Any, make_partner: Any):
    await _queue(service, make_lead, make_partner, 5)
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 3}
    while True:
        page = (await service.http.get(EMAILS, params=query, headers=service.headers())).json()
        seen += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            break
        query["cursor"] = page["next_cursor"]
    assert len(seen) == 10
    assert seen == sorted(seen, reverse=True)


async def test_n5_4_one_mail_with_its_attempts_and_the_servers_replies(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    await service.deliver(make_partner())
    await service.deliver(make_lead())
    replies = iter(["451 later", None])

    def once(_: str) -> str | None:
        return next(replies)

    sink.on_rcpt = once
    await mailer.settle(mailer.sender(sink.port))
    await mailer.time_passes()
    await mailer.settle(mailer.sender(sink.port))
    [row] = (await service.http.get(EMAILS, headers=service.headers())).json()["data"]
    mail = (await service.http.get(f"{EMAILS}/{row['id']}", headers=service.headers())).json()
    assert (mail["state"], mail["attempts"], mail["template"], mail["partner_id"]) == ("sent", 2, "purchase", "ptr_1")
    assert [(entry["attempt"], entry["event"], entry["code"], entry["reply"]) for entry in mail["log"]] == [
        (1, "deferred", 451, "later"),
        (2, "sent", 250, "OK queued"),
    ]
    assert mail["message_id"] == sink.mails[0].message["Message-ID"]


async def test_n5_4_a_person_may_have_a_mail_sent_again(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    """The same mail with the same Message-ID, recorded with who asked; not while it is under way."""
    await service.deliver(make_partner())
    await service.deliver(make_lead())
    [row] = await mailer.rows()
    resend = f"{EMAILS}/{row['id']}/resend"
    waiting = await service.http.post(resend, headers=service.headers())
    assert (waiting.status_code, waiting.json()["code"]) == (409, "email-under-way")

    def refuse(_: str) -> str | None:
        return "554 5.7.1 no"

    accept, sink.on_rcpt = sink.on_rcpt, refuse
    await mailer.settle(mailer.sender(sink.port))
    sink.on_rcpt = accept
    answers = await asyncio.gather(
        *(service.http.post(resend, headers=service.headers("supervisor", user_id="usr_s")) for _ in range(5))
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 4}
    await mailer.settle(mailer.sender(sink.port))
    mail = (await service.http.get(f"{EMAILS}/{row['id']}", headers=service.headers())).json()
    assert (mail["state"], mail["reason"]) == ("sent", None)
    log = [(entry["event"], entry["by"]) for entry in mail["log"]]
    assert log == [("refused", None), ("resend-asked", "usr_s"), ("sent", None)]
    assert (await service.http.post(resend, headers=service.headers())).status_code == 200
    await mailer.settle(mailer.sender(sink.port))
    assert len({mail.message["Message-ID"] for mail in sink.mails}) == 1
    assert len(sink.mails) == 2
    await service.db.pool.execute("UPDATE emails SET give_up_at = now() - interval '1 hour'")
    assert (await service.http.post(resend, headers=service.headers())).status_code == 200

    def put_off(_: str) -> str | None:
        return "451 later"

    sink.on_rcpt = put_off
    await mailer.settle(mailer.sender(sink.port))
    assert [row["state"] for row in await mailer.rows()] == ["queued"], "it has three days again"
    assert (await service.http.post(f"{EMAILS}/eml_none/resend", headers=service.headers())).status_code == 404


async def test_a_suppressed_mail_is_not_resent(
    service: ServiceUnderTest, mailer: Any, make_lead: Any, make_partner: Any
):
    await service.deliver(make_partner())
    await service.deliver(make_lead())
    await service.db.pool.execute("UPDATE emails SET state = 'suppressed', next_attempt_at = NULL")
    await service.db.pool.execute(
        "INSERT INTO email_suppressions (address, kind, reason) SELECT recipient, 'bounce', 'x' FROM emails"
    )
    [row] = await mailer.rows()
    answer = await service.http.post(f"{EMAILS}/{row['id']}/resend", headers=service.headers())
    assert (answer.status_code, answer.json()["code"]) == (409, "email-suppressed")


async def test_templates_can_be_read(service: ServiceUnderTest):
    answer = await service.http.get("/v1/templates", headers=service.headers("supervisor"))
    templates = {template["id"]: template for template in answer.json()["data"]}
    assert {"purchase", "return", "digest", "alarm"} < templates.keys()
    template = templates["purchase"]
    assert (template["key"], template["version"], template["built_in"]) == ("purchase", 1, True)
    assert "{{ lead.external_id }}" in template["subject"]


@pytest.mark.parametrize("query", ["state=odd", "limit=0", "cursor=%21", "odd=1", "since=2026-01-01T00:00:00"])
async def test_odd_queries_are_refused(service: ServiceUnderTest, query: str):
    answer = await service.http.get(f"{EMAILS}?{query}", headers=service.headers())
    assert answer.status_code == 422


async def test_an_unknown_mail_is_not_found(service: ServiceUnderTest):
    assert (await service.http.get(f"{EMAILS}/eml_none", headers=service.headers())).status_code == 404
