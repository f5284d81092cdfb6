"""I2.27: erasure leaves nothing of a person, and nothing comes back."""

import asyncio
from datetime import timedelta
from typing import Any

from contracts.events.assignment import MessageRequestedV1
from contracts.events.intake import ErasureRequestedV1
from contracts.events.notify import EmailSentV1, ErasureCompletedV1
from contracts.events.values import Person
from contracts.ids import new_uuid
from notify_svc.digests.make_digests import make_one
from servicekit.testing import ServiceUnderTest

SECRETS = ("Tuntematon", "tuntematon@person.example", "words about 1")


def _lead(make_lead: Any, number: int = 1, partner: int = 1) -> Any:
    return make_lead(number, partner, person=Person(first_name="Tuntematon", email="tuntematon@person.example"))


async def _erase(service: ServiceUnderTest, *lead_ids: str) -> dict[str, int]:
    await service.deliver(ErasureRequestedV1(erasure_id="era_1", lead_ids=list(lead_ids or ["lead_0001"])))
    receipt = (await service.published(ErasureCompletedV1))[-1]
    assert isinstance(receipt, ErasureCompletedV1)
    return {table: count for table, count in receipt.removed.items() if count}


async def _found(service: ServiceUnderTest) -> list[str]:
    """Every table that still holds a secret; what was published before stays on its way."""
    tables = await service.db.pool.fetch(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name <> 'outbox'"
    )
    found: list[str] = []
    for (table,) in tables:
        rows = await service.db.pool.fetch(f"SELECT t::text AS row FROM {table} t")
        found += [f"{table}: {secret}" for row in rows for secret in SECRETS if secret in row["row"]]
    return found


async def test_i2_27_nothing_of_the_person_is_left_in_any_table(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    """Sent, failed, waiting, digested and yet to be digested mails, replies, suppressions, answers kept for repeats."""
    await service.deliver(make_partner(1, "a@p.example", "b@p.example"))
    await service.deliver(make_partner(2, "d@p.example", purchase_notification_mode="hourly"))
    template = {"name": "T", "subject": "s", "text": "{{ name }}"}
    key = (await service.http.post("/v1/templates", json=template, headers=service.headers())).json()["id"]

    def refuse(address: str) -> str | None:
        return f"550 5.1.1 <{address}> Tuntematon unknown" if address[0] in "at" else None

    sink.on_rcpt = refuse
    await service.deliver(_lead(make_lead))
    await service.deliver(
        MessageRequestedV1(
            lead=make_lead().lead, received_at=make_lead().received_at, message_id="msg_1", template_id=key,
            agent_id="usr_1", recipient="tuntematon@person.example", variables={"name": "Tuntematon"},
        )
    )  # fmt: skip
    await service.deliver(_lead(make_lead, 1, partner=2))
    await service.deliver(make_lead(2, partner=2))
    await service.db.pool.execute("UPDATE digest_items SET due_at = now() - interval '1 minute'")
    assert await make_one(service.db, timedelta())
    await mailer.settle(mailer.sender(sink.port))
    await service.deliver(_lead(make_lead, 1, partner=2), message_id=new_uuid())
    await service.deliver(_lead(make_lead, 1, partner=9))
    [waiting] = [row for row in await mailer.rows() if row["recipient"] == "b@p.example"]
    again = {"Idempotency-Key": "k"} | service.headers()
    assert (await service.http.post(f"/v1/emails/{waiting['id']}/resend", headers=again)).status_code == 200
    assert len(await _found(service)) > 5
    removed = await _erase(service)
    assert await _found(service) == []
    assert removed["emails"] == 4
    assert {"email_suppressions", "digest_items", "waiting_purchases", "idempotency_keys"} < removed.keys()
    states = {row["recipient"]: (row["state"], row["reason"]) for row in await mailer.rows()}
    assert states["b@p.example"] == ("failed", "erased")
    assert states["d@p.example"] == ("sent", None)
    assert not any("person" in address for address in states)
    digest = await service.db.pool.fetchval("SELECT variables FROM emails WHERE template = 'digest'")
    assert [item["lead_id"] for item in digest["items"]] == ["lead_0002"]


async def test_i2_27_a_repeat_finds_nothing_and_answers_again(
    service: ServiceUnderTest, make_lead: Any, make_partner: Any
):
    await service.deliver(make_partner())
    await service.deliver(_lead(make_lead))
    assert await _erase(service) == {"emails": 1, "external_ids": 1}
    assert await _erase(service) == {}
    assert len(await service.published(ErasureCompletedV1)) == 2


async def test_i2_27_a_late_event_about_the_lead_makes_no_mail(
    service: ServiceUnderTest, mailer: Any, make_lead: Any, make_partner: Any
):
    await service.deliver(make_partner(1))
    await service.deliver(make_partner(2, purchase_notification_mode="daily"))
    await _erase(service)
    for partner in (1, 2, 3):
        await service.deliver(_lead(make_lead, 1, partner))
    assert await mailer.rows() == []
    assert await _found(service) == []


async def test_i2_27_a_mail_that_is_being_queued_at_the_same_moment_does_not_escape(
    service: ServiceUnderTest, make_lead: Any, make_partner: Any
):
    await service.deliver(make_partner(1, "a@p.example"))
    await service.deliver(make_partner(2, "b@p.example", purchase_notification_mode="daily"))
    for number in range(1, 21):
        events = [_lead(make_lead, number, 1 + number % 2)]
        erasure = ErasureRequestedV1(erasure_id=f"era_{number}", lead_ids=[f"lead_{number:04}"])
        await asyncio.gather(*(service.deliver(event) for event in ([*events, erasure])))
    assert [secret for secret in await _found(service) if "words" not in secret] == []


async def test_i2_27_a_mail_under_way_is_marked_without_the_servers_words(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    """The server may have it already: what came of it is told, the address and the reply are not kept."""
    gate = asyncio.Event()

    async def hold(_: Any) -> str:
        await gate.wait()
        return "250 thanks for Tuntematon"

    sink.on_data = hold
    await service.deliver(make_partner())
    await service.deliver(_lead(make_lead))
    async with mailer.running(mailer.sender(sink.port)):
        async with asyncio.timeout(20):
            while not sink.mails:  # noqa: ASYNC110 -- until the server has the content
                await asyncio.sleep(0.01)
        await _erase(service)
        gate.set()
        await mailer.until("state = 'sent' FROM emails")
    assert await _found(service) == []
    assert len(await service.published(EmailSentV1)) == 1


async def test_i2_27_a_mail_that_was_erased_is_not_sent_again(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    await service.deliver(make_partner())
    await service.deliver(_lead(make_lead))
    await mailer.settle(mailer.sender(sink.port))
    await _erase(service)
    [row] = await mailer.rows()
    answer = await service.http.post(f"/v1/emails/{row['id']}/resend", headers=service.headers())
    assert (answer.status_code, answer.json()["code"]) == (409, "email-erased")
    shown = await service.http.get(f"/v1/emails/{row['id']}", headers=service.headers())
    assert (shown.json()["state"], shown.json()["reply"]) == ("sent", None)


async def test_i2_27_a_person_without_leads_gets_a_receipt_too(service: ServiceUnderTest):
    await service.deliver(ErasureRequestedV1(erasure_id="era_0", lead_ids=[]))
    (receipt,) = await service.published(ErasureCompletedV1)
    assert isinstance(receipt, ErasureCompletedV1)
    assert set(receipt.removed.values()) == {0}
