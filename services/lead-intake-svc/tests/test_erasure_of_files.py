"""An erasure (I2.27) reaches files that wait to be imported, and contacts that have not become leads."""

from typing import Any

import msgspec
import pytest
from contracts.envelope import Trace, encode
from contracts.events.sponsor import Contact, ContactsReleasedV1
from contracts.ids import new_uuid
from lead_intake_svc.erasure.files import pattern_of
from lead_intake_svc.testing import World
from lead_intake_svc.testing_files import HEADER, csv_of, look, people, send
from lead_intake_svc.testing_returns import CANARY, PHONE, erase

DEAD = """
INSERT INTO dead_letters (id, message_id, queue, type, subject, body, failure, detail, attempts)
VALUES ($1, $2, 'lead-intake-svc.contacts', 'sponsor.contacts.released.v1', 'camp', $3, 'x', 'x', 1)
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
@pytest.mark.parametrize("dry_run", [False, True])
async def test_i2_27_the_text_of_a_file_goes_with_the_person_that_it_names(world: World, encoding: str, dry_run: bool):
    rows = people(3)
    rows[1][2], rows[1][3] = CANARY, f"0{PHONE[4:6]}-{PHONE[6:9]} {PHONE[9:]}"
    named = (await send(world, csv_of([HEADER, *rows], encoding=encoding), dry_run=dry_run)).json()
    other = (await send(world, csv_of([HEADER, *people(3, 10)]), dry_run=True)).json()
    erased = (await erase(world, phone=PHONE)).json()
    assert erased["receipts"][0]["removed"]["import_chunks"] == 1
    assert await world.traces(CANARY) == []
    await world.import_files()
    stopped = await look(world, named["id"])
    assert (stopped["state"], stopped["failure"]["code"]) == ("failed", "person-erased")
    assert (await look(world, other["id"]))["state"] == "checked"
    again = await send(world, csv_of([HEADER, rows[0], rows[2]]), dry_run=dry_run)
    assert again.status_code == 201


async def test_i2_27_a_worker_that_has_the_file_stores_no_more_of_it(world: World):
    """What it had stored is found and erased."""
    rows = people(2)
    rows[0][2], rows[0][3] = CANARY, PHONE
    import_id = (await send(world, csv_of([HEADER, *rows]))).json()["id"]
    await world.import_files()
    assert await world.count("leads") == 2
    await world.rows(
        "UPDATE imports SET state = 'importing', position = 1, finished_at = NULL WHERE id = $1", import_id
    )
    await world.rows(
        "INSERT INTO import_chunks (import_id, n, body) VALUES ($1, 0, $2)", import_id, csv_of([HEADER, *rows])
    )
    await world.rows("DELETE FROM outbox")
    await erase(world, phone=PHONE)
    assert await world.traces(CANARY) == []
    await world.import_files()
    assert (await look(world, import_id))["state"] == "failed"


async def test_i2_27_contacts_that_wait_as_messages_are_forgotten_and_their_neighbours_are_not(world: World):
    contacts = {
        "c1": Contact(last_name=CANARY, phone=f"0{PHONE[4:]}"),
        "c2": Contact(last_name=CANARY, email="Maija@Example.com "),
        "c3": Contact(last_name="Virtanen", phone="+358401112229"),
    }
    event = ContactsReleasedV1(campaign_id="camp", project_id="prj_crm", contact_list_id="lst_crm", contacts=contacts)
    body = encode(event, source="/leadwire/sponsor-svc", sequence=1, trace=Trace()).body
    await world.service.db.pool.execute(DEAD, new_uuid(), new_uuid(), body)
    await world.service.db.pool.execute(
        "INSERT INTO delayed_messages (queue, message_id, body, attempts, waits, due_at)"
        " VALUES ('lead-intake-svc.contacts', $1, $2, 0, 1, now())",
        new_uuid(),
        body,
    )
    erased = (await erase(world, phone=PHONE, email="maija@example.com")).json()
    removed = erased["receipts"][0]["removed"]
    assert (removed["dead_letters"], removed["delayed_messages"]) == (1, 1)
    assert await world.traces(CANARY, "Maija@Example") == []
    for table in ("dead_letters", "delayed_messages"):
        (row,) = await world.rows(f"SELECT body FROM {table}")
        message: dict[str, Any] = msgspec.json.decode(row["body"])
        assert list(message["data"]["contacts"]) == ["c3"]
        assert message["id"] == msgspec.json.decode(body)["id"]


@pytest.mark.parametrize("written", ["+358 40 123 4567", "0401234567", "(040) 123-4567", "358401234567", "040.1234567"])
def test_i2_27_numbers_are_found_however_they_are_written(written: str):
    named = pattern_of([("phone", "+358401234567")])
    assert named is not None
    assert named.search(f"Maija;{written};x")
    assert not named.search("Maija;040 123 4568;+358 40 999 4567")


def test_i2_27_addresses_are_found_in_any_case_and_only_whole():
    named = pattern_of([("email", "a.b@example.com")])
    assert named is not None
    assert named.search("x;A.B@Example.COM;y")
    assert not named.search("x;aXb@example.com;y")


async def test_i2_27_a_legal_hold_leaves_files_alone(world: World):
    rows = people(1)
    rows[0][3] = PHONE
    await send(world, csv_of([HEADER, *rows]), dry_run=True)
    hold = {"phone": PHONE, "reason": "court"}
    made = await world.http.post("/v1/erasures/holds", json=hold, headers=world.service.headers())
    made = await world.http.post("/v1/erasures/holds", json=hold, headers=world.service.headers())
    assert made.status_code == 201, made.text
    assert (await erase(world, phone=PHONE)).status_code == 409
    assert await world.count("import_chunks") == 1
