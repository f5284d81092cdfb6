"""Erasure reaches people whom a CRM announced and who are no leads yet (I2.27, S0.9)."""

import asyncio
from typing import Any

import msgspec
from contracts.envelope import Trace, encode
from contracts.events.intake import ErasureRequestedV1
from contracts.events.sponsor import Contact, ContactsReleasedV1, ErasureCompletedV1
from contracts.ids import new_uuid
from contracts.masking import masked_address, masked_number
from sponsor_svc.crm.release_contacts import release_contacts

PATH = "/v1/crm/campaigns/camp-1"
CANARY = "Kanarialintunen"
ASKED = ErasureRequestedV1(
    erasure_id="ers_1",
    lead_ids=[],
    person=[masked_number("358", "401112221"), masked_address("maija@example.com")],
)
BY_PHONE = {"external_id": "c1", "last_name": CANARY, "phone": "040 111 2221"}
BY_EMAIL = {"external_id": "c2", "first_name": CANARY, "email": "Maija@Example.com "}
OTHER = {"external_id": "c3", "last_name": "Virtanen", "phone": "+358401112229", "comments": "or +358 40 111 2221"}
ACCOUNT = {"external_id": "a", "fields": {"switchboard": "0401112221", "size": 10}, "contacts": [OTHER]}


async def announce(api: Any, path: str = PATH) -> dict[str, Any]:
    body = {"name": "Spring", "contacts": [BY_PHONE, BY_EMAIL], "accounts": [ACCOUNT]}
    answer = await api.service.http.put(path, json=body, headers=api.service.headers("integration"))
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


async def erase(api: Any) -> dict[str, int]:
    await api.service.deliver(ASKED, message_id=new_uuid())
    *_, receipt = await api.service.published(ErasureCompletedV1)
    assert receipt.erasure_id == "ers_1"
    return receipt.removed


async def rows_with(api: Any, word: str) -> int:
    query = """SELECT (SELECT count(*) FROM crm_contacts AS c WHERE c::text ILIKE $1)
        + (SELECT count(*) FROM outbox WHERE convert_from(body, 'UTF8') ILIKE $1)
        + (SELECT count(*) FROM dead_letters WHERE convert_from(body, 'UTF8') ILIKE $1)"""
    return await api.service.db.pool.fetchval(query, f"%{word}%")


async def nothing_left(api: Any) -> None:
    for word in (CANARY, "111 2221", "1112221", "maija"):
        assert await rows_with(api, word) == 0, word


async def test_i2_27_contacts_that_nobody_activated_are_forgotten_and_their_neighbours_are_not(api: Any):
    await announce(api)
    await announce(api, "/v1/crm/campaigns/camp-2")
    assert (await erase(api))["crm_contacts"] == 6
    await nothing_left(api)
    (row,) = await api.service.db.pool.fetch(
        "SELECT * FROM crm_contacts WHERE campaign_id = 'camp-1' AND contact <> '{}'"
    )
    assert (row["external_id"], row["contact"]["last_name"], row["contact"]["phone"]) == (
        "c3",
        "Virtanen",
        OTHER["phone"],
    )
    assert (row["contact"]["comments"], row["contact"]["account"]["fields"]) == (
        "or +358 ",
        {"switchboard": "0", "size": 10},
    )
    assert (await erase(api))["crm_contacts"] == 0


async def test_i2_27_a_crm_that_announces_them_again_does_not_bring_them_back(api: Any):
    await announce(api)
    await erase(api)
    campaign = await announce(api)
    assert (campaign["contacts"], campaign["released"]) == (3, 2)
    assert await rows_with(api, CANARY) == 0
    await api.service.http.post(f"/v1/projects/{campaign['project_id']}/activate", headers=api.service.headers())
    async with api.service.db.unit_of_work() as work:
        await release_contacts(work)
    (released,) = await api.service.published(ContactsReleasedV1)
    assert list(released.contacts) == ["c3"]


async def test_i2_27_announced_at_the_same_moment_they_are_found_all_the_same(api: Any):
    """Before or after: either way nothing is left, for an erasure and an announcement wait for each other."""
    await announce(api)
    async with api.service.db.unit_of_work() as work:
        await work.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended('sponsor-svc.contacts', 0))")
        erasing = asyncio.create_task(erase(api))
        await api.until_row("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted", 1)
        late = {"first_name": CANARY, "email": "maija@example.com"}
        await work.execute("INSERT INTO crm_contacts VALUES (DEFAULT, 'camp-1', 'c9', $1, NULL)", late)
    await erasing
    await nothing_left(api)


async def test_i2_27_messages_on_their_way_to_intake_lose_the_person(api: Any):
    """Unsent, and dead: both go out later, without them."""
    campaign = await announce(api)
    await api.service.http.post(f"/v1/projects/{campaign['project_id']}/activate", headers=api.service.headers())
    async with api.service.db.unit_of_work() as work:
        await release_contacts(work)
    event = ContactsReleasedV1(
        campaign_id="camp-1",
        project_id="prj",
        contact_list_id="lst",
        contacts={"c1": Contact(last_name=CANARY, phone="0401112221"), "c3": Contact(last_name="Virtanen")},
    )
    body = encode(event, source="/leadwire/sponsor-svc", sequence=1, trace=Trace()).body
    dead = """INSERT INTO dead_letters (id, message_id, queue, type, subject, body, failure, detail, attempts)
        VALUES ($1, $1, 'sponsor-svc.outbox', 'sponsor.contacts.released.v1', 'prj', $2, 'unpublishable', '', 5)"""
    await api.service.db.pool.execute(dead, new_uuid(), body)
    removed = await erase(api)
    assert (removed["outbox"], removed["dead_letters"]) == (1, 1)
    await nothing_left(api)
    left: bytes = await api.service.db.pool.fetchval("SELECT body FROM dead_letters")
    assert list(msgspec.json.decode(left)["data"]["contacts"]) == ["c3"]
    (released,) = await api.service.published(ContactsReleasedV1)
    assert list(released.contacts) == ["c3"]
