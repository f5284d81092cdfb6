"""An erasure (I2.27) reaches files that wait to be imported, and contacts that have not become leads."""

import asyncio
from typing import Any

import msgspec
import pytest
from contracts.envelope import Trace, encode
from contracts.events.sponsor import Contact, ContactsReleasedV1
from contracts.ids import new_uuid
from lead_intake_svc.erasure.written import written
from lead_intake_svc.testing import World, bearer
from lead_intake_svc.testing_files import HEADER, csv_of, look, people, send
from lead_intake_svc.testing_returns import CANARY, EMAIL, PHONE, erase

DEAD = """
INSERT INTO dead_letters (id, message_id, queue, type, subject, body, failure, detail, attempts)
VALUES ($1, $2, 'lead-intake-svc.contacts', 'sponsor.contacts.released.v1', 'camp', $3, 'x', 'x', 1)
"""
WAYS = (
    ("+358401234567", "+358 40 123 4567"),
    ("+358401234567", "0401234567"),
    ("+358401234567", "(040) 123-4567"),
    ("+358401234567", "358401234567"),
    ("+358401234567", "00358 40 1234567"),
    ("+358401234567", "+358 (0)40 123 4567"),
    ("+358401234567", "040.1234567"),
    ("+358401234567", "3.58401234567E+11"),
    ("+358401234567", "358401234567.0"),
    ("+3725123456", "512 3456"),
    ("+36201234567", "06 20 123 4567"),
    ("+12125550123", "(212) 555-0123"),
    ("+390612345678", "06 1234 5678"),
)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("dry_run", [False, True])
async def test_i2_27_a_waiting_file_loses_the_person_and_nobody_else(world: World, encoding: str, dry_run: bool):
    rows = people(1200)
    rows[600][2], rows[600][3] = CANARY, f"0{PHONE[4:6]}-{PHONE[6:9]} {PHONE[9:]}"
    import_id = (await send(world, csv_of([HEADER, [], *rows], encoding=encoding), dry_run=dry_run)).json()["id"]
    erased = (await erase(world, phone=PHONE)).json()
    assert erased["receipts"][0]["removed"]["rows_of_waiting_files"] == 1
    assert await world.traces(CANARY) == []
    await world.import_files()
    if dry_run:
        checked = await look(world, import_id)
        assert (checked["state"], checked["results"]) == ("checked", {"accepted": 1199, "invalid": 1})
        await world.http.post(f"/v1/imports/{import_id}/start", json={}, headers=bearer(world.key))
        await world.import_files()
    done = await look(world, import_id)
    assert (done["state"], done["rows_done"]) == ("completed", 1200)
    assert done["results"] == {"accepted": 1199, "invalid": 1}
    (gone,) = (await look(world, import_id, "/rows", result="invalid"))["data"]
    assert (gone["line"], [problem["code"] for problem in gone["problems"]]) == (603, ["person-erased"])
    assert len((await look(world, import_id, "/failures")).splitlines()) == 1
    stored = await world.rows(
        "SELECT external_id, last_name, content ->> 'comments' AS comments FROM leads ORDER BY id"
    )
    assert [tuple(row) for row in stored] == [(row[0], row[2], row[5]) for n, row in enumerate(rows) if n != 600]


async def test_i2_27_a_worker_in_the_middle_of_the_file_goes_on_without_the_person(world: World):
    """It had stored some rows, held others in its memory, and had yet to come to the rest."""
    rows = people(3000)
    for n in (0, 2999):
        rows[n][2], rows[n][3], rows[n][4] = CANARY, PHONE, ""
    rows[1300][2], rows[1300][4] = CANARY, "Canary.Person@Example.com"
    import_id = (await send(world, csv_of([HEADER, *rows]))).json()["id"]
    working = asyncio.create_task(world.import_files())
    async with asyncio.timeout(60):
        while await world.count("leads") < 500:  # noqa: ASYNC110 -- asks the database
            await asyncio.sleep(0)
    erased = await erase(world, phone=PHONE, email=EMAIL)
    assert (erased.status_code, len(erased.json()["lead_ids"])) == (201, 1)
    await world.rows("DELETE FROM outbox")  # they have been sent
    assert await world.traces(CANARY) == []
    await working
    done = await look(world, import_id)
    assert (done["state"], done["rows_done"]) == ("completed", 3000)
    assert sum(done["results"].values()) == 3000
    assert await world.traces(CANARY, PHONE, EMAIL) == []
    names = await world.rows("SELECT external_id FROM leads WHERE phone IS NOT NULL ORDER BY id")
    assert [row["external_id"] for row in names] == [f"ext-{n}" for n in range(3000) if n not in {0, 1300, 2999}]


async def test_i2_27_rows_without_an_id_keep_the_one_that_their_place_gives_them(world: World):
    rows = [row[1:] for row in people(4)]
    rows[1][2] = PHONE
    content = csv_of([HEADER[1:], *rows])
    import_id = (await send(world, content, dry_run=True)).json()["id"]
    await erase(world, phone=PHONE)
    await world.import_files()
    await world.http.post(f"/v1/imports/{import_id}/start", json={}, headers=bearer(world.key))
    await world.import_files()
    again = await send(world, content, again=True)
    await world.import_files()
    sent_again = await look(world, again.json()["id"])
    assert sent_again["results"] == {"existing": 3, "rejected": 1}


async def test_i2_27_who_is_only_mentioned_is_cut_out_and_the_row_stays(world: World):
    rows = people(2)
    rows[0][5] = f"Vaimo 0{PHONE[4:]} tai {EMAIL.upper()}, illalla"
    await send(world, csv_of([HEADER, *rows]))
    erased = (await erase(world, phone=PHONE, email=EMAIL)).json()
    assert erased["receipts"][0]["removed"]["rows_of_waiting_files"] == 0
    await world.import_files()
    comments = await world.rows("SELECT content ->> 'comments' AS text FROM leads ORDER BY id")
    assert [row["text"] for row in comments] == ["Vaimo 0 tai , illalla", rows[1][5]]


async def test_i2_27_a_person_whose_row_was_taken_for_the_header_is_forgotten_with_the_files_name(world: World):
    content = csv_of([["Maija", CANARY, f"0{PHONE[4:]}"], ["Matti", "Virtanen", "040 1234567"]])
    form = {"project_id": "prj_a"}
    files = {"file": (f"{CANARY} 0{PHONE[4:]}.csv", content)}
    sent = await world.http.post("/v1/imports", data=form, files=files, headers=bearer(world.key))
    assert sent.json()["state"] == "unmapped"
    await erase(world, phone=PHONE)
    assert await world.traces(CANARY, PHONE[4:]) == []
    shown = await look(world, sent.json()["id"])
    assert (shown["columns"], shown["file"]["name"]) == (["Column 1", "Column 2", "Column 3"], "leads")
    path = f"/v1/imports/{shown['id']}/start"
    mapping = {"Column 2": "last_name", "Column 3": "phone"}
    (await world.http.post(path, json={"mapping": mapping}, headers=bearer(world.key))).raise_for_status()
    await world.import_files()
    assert (await look(world, shown["id"]))["results"] == {"accepted": 1}


async def test_i2_27_a_file_that_cannot_be_read_to_its_end_fails_with_that_and_is_gone(world: World):
    rows = people(2)
    rows[1][3] = PHONE
    content = csv_of([HEADER, *rows]) + b'x;"' + b"y" * 140_000
    import_id = (await send(world, content, dry_run=True)).json()["id"]
    await erase(world, phone=PHONE)
    stopped = await look(world, import_id)
    assert (stopped["state"], stopped["failure"]["code"]) == ("failed", "quote-not-closed")
    assert await world.count("import_chunks") == 0


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


async def test_i2_27_numbers_are_found_however_they_are_written(world: World):
    for number, text in WAYS:
        named = written([("phone", number)])
        assert named.names(f"Maija;{text};x"), text
        assert await world.service.db.pool.fetchval("SELECT $1 ~* ANY($2::text[])", f"x {text}", named.patterns), text


def test_i2_27_other_numbers_are_left_alone():
    named = written([("phone", "+4740123456")])
    for text in ("40 12 34 57", "+45 40 12 34 56", "0045 40123456", "401234567"):
        assert not named.names(text)
        assert named.without(text) == text


async def test_i2_27_addresses_are_found_in_any_case_and_only_whole(world: World):
    named = written([("email", "a.b@example.com")])
    assert named.names("x;A.B@Example.COM;y")
    assert named.names("Write to a.b@example.com.")
    for text in ("x;aXb@example.com;y", "aa.b@example.com", "a.b@example.com.au", "a.b@example.community"):
        assert not named.names(text)
        assert not await world.service.db.pool.fetchval("SELECT $1 ~* ANY($2::text[])", text, named.patterns)


async def test_i2_27_a_legal_hold_leaves_files_alone(world: World):
    rows = people(1)
    rows[0][3] = PHONE
    await send(world, csv_of([HEADER, *rows]), dry_run=True)
    hold = {"phone": PHONE, "reason": "court"}
    made = await world.http.post("/v1/erasures/holds", json=hold, headers=world.service.headers())
    assert made.status_code == 201, made.text
    assert (await erase(world, phone=PHONE)).status_code == 409
    assert await world.count("import_chunks") == 1
