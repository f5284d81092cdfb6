"""`/v1/imports`: from the file to the leads (I2.19)."""

import csv
import io
import json
from typing import Any

import httpx2
import pytest
from contracts.events.intake import ImportCompletedV1, ImportStartedV1, LeadAcceptedV1
from lead_intake_svc.imports import store
from lead_intake_svc.testing import World, bearer

HEADER = ["Tunniste", "Etunimi", "Sukunimi", "Puhelin", "Sähköposti", "Kommentit"]


def people(count: int, start: int = 0) -> list[list[str]]:
    return [
        [f"ext-{n}", "Maija", "Mäkinen", f"040 {1000000 + n}", f"maija{n}@example.com", "Illalla; tai\naamulla"]
        for n in range(start, start + count)
    ]


def csv_of(rows: list[list[str]], delimiter: str = ";", encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


async def send(world: World, content: bytes, headers: dict[str, str] | None = None, **fields: Any) -> httpx2.Response:
    form = {"project_id": "prj_a", **{name: str(value) for name, value in fields.items()}}
    files = {"file": ("leads.csv", content)}
    return await world.http.post("/v1/imports", data=form, files=files, headers=headers or bearer(world.key))


async def imported(world: World, content: bytes, **fields: Any) -> dict[str, Any]:
    """The import when the worker is done with it."""
    sent = await send(world, content, **fields)
    assert sent.status_code == 201, sent.text
    await world.import_files()
    return await look(world, sent.json()["id"])


async def look(world: World, import_id: str, what: str = "", **query: Any) -> Any:
    found = await world.http.get(f"/v1/imports/{import_id}{what}", params=query, headers=bearer(world.key))
    assert found.status_code == 200, found.text
    return found.json() if found.headers["content-type"].startswith("application/json") else found.text


@pytest.mark.parametrize(
    ("delimiter", "encoding"),
    [(",", "utf-8"), (";", "cp1252"), ("\t", "utf-16"), ("|", "utf-8-sig")],
)
async def test_i2_19_delimiter_and_encoding_are_detected(world: World, delimiter: str, encoding: str):
    done = await imported(world, csv_of([HEADER, *people(20)], delimiter, encoding))
    assert (done["state"], done["results"], done["rows_total"]) == ("completed", {"accepted": 20}, 20)
    rows = await world.rows("SELECT external_id, first_name, last_name, phone, email, content FROM leads ORDER BY id")
    assert [row["external_id"] for row in rows] == [f"ext-{n}" for n in range(20)]
    first = rows[0]
    assert (first["first_name"], first["last_name"]) == ("Maija", "Mäkinen")
    assert (first["phone"], first["email"]) == ("+358401000000", "maija0@example.com")
    assert first["content"]["comments"] == "Illalla; tai\naamulla"
    assert len(await world.service.published(LeadAcceptedV1)) == 20


async def test_i2_19_encoding_and_delimiter_can_be_said(world: World):
    content = "puhelin|nimi\n040 1234567|Zażółć, Gęślą\n".encode("cp1250")
    done = await imported(world, content, encoding="cp1250", delimiter="pipe")
    assert done["file"] | {"bytes": 0} == {
        "name": "leads.csv",
        "bytes": 0,
        "format": "csv",
        "encoding": "cp1250",
        "delimiter": "pipe",
    }
    (row,) = await world.rows("SELECT first_name, last_name, external_id FROM leads")
    assert (row["first_name"], row["last_name"]) == ("Gęślą", "Zażółć")
    assert row["external_id"].endswith("-2")


async def test_i2_19_every_row_has_a_result_and_failures_come_back_as_a_file_that_can_be_sent_again(world: World):
    good, wrong, twin, damaged = people(4)
    wrong[3], wrong[4] = "12", ""
    twin[3] = good[3]
    damaged[3] = "3,58401E+11"
    content = csv_of([HEADER, good, wrong, twin, ["", "", "", "", "", ""], damaged, good, [*good, "too much"]])
    done = await imported(world, content)
    assert done["results"] == {"accepted": 1, "rejected": 2, "invalid": 2, "existing": 1}
    assert (done["rows_done"], done["rows_total"], done["state"]) == (6, 6, "completed")
    rows = (await look(world, done["id"], "/rows"))["data"]
    shown = [(row["line"], row["result"], [problem["code"] for problem in row["problems"]]) for row in rows]
    assert shown == [
        (2, "accepted", []),
        (3, "rejected", ["phone-invalid", "contact-missing"]),
        (4, "rejected", ["duplicate"]),
        (6, "invalid", ["phone-digits-lost"]),
        (7, "existing", []),
        (8, "invalid", ["row-too-wide"]),
    ]
    text = await look(world, done["id"], "/failures")
    failures = list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))
    assert [row[len(HEADER)] for row in failures] == ["leadwire_line", "3", "4", "6", "8"]
    for row in failures[1:]:  # put right
        row[3] = f"040 555{row[6].zfill(4)}"
    again = await imported(world, csv_of(failures[:4]))
    assert again["results"] == {"accepted": 3}
    stored = await world.rows("SELECT external_id FROM leads WHERE status = 'accepted'")
    assert sorted(row["external_id"] for row in stored) == ["ext-0", "ext-1", "ext-2", "ext-3"]


async def test_i2_19_rows_are_paged_and_filtered(world: World):
    rows = people(25)
    rows[7][3] = rows[7][4] = ""
    done = await imported(world, csv_of([HEADER, *rows]))
    lines: list[int] = []
    cursor = None
    while True:
        page = await look(world, done["id"], "/rows", limit=10, **({"cursor": cursor} if cursor else {}))
        lines += [row["line"] for row in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert lines == list(range(2, 27))
    failed = await look(world, done["id"], "/rows", result="rejected")
    assert [row["line"] for row in failed["data"]] == [9]


async def test_i2_19_a_dry_run_stores_no_lead_and_says_what_would_become_of_each_row(world: World):
    rows = people(1200)
    rows[1100][3] = rows[3][3]
    await world.accepted(phone="+358401000005", external_id="pushed")
    content = csv_of([HEADER, *rows, rows[0]])
    before = await world.count("outbox")
    checked = await imported(world, content, dry_run=True)
    expected = {"accepted": 1198, "rejected": 2, "existing": 1}
    assert (checked["state"], checked["results"]) == ("checked", expected)
    assert (await world.count("leads"), await world.count("outbox")) == (1, before)
    started = await world.http.post(f"/v1/imports/{checked['id']}/start", json={}, headers=bearer(world.key))
    assert started.json()["state"] == "importing"
    await world.import_files()
    done = await look(world, checked["id"])
    assert (done["state"], done["results"]) == ("completed", expected)
    (event,) = await world.service.published(ImportCompletedV1)
    assert isinstance(event, ImportCompletedV1)
    assert (event.rows, event.results) == (1201, expected)
    assert len(await world.service.published(ImportStartedV1)) == 1
    assert await world.count("import_chunks") == 0


async def test_i2_19_the_same_file_is_refused_unless_asked_and_then_doubles_nothing(world: World):
    content = csv_of([HEADER[1:], *(row[1:] for row in people(3))])
    first = await imported(world, content)
    second = await send(world, content)
    assert (second.status_code, second.json()["code"]) == (409, "file-known")
    assert second.json()["import_id"] == first["id"]
    asked = await imported(world, content, again=True)
    assert asked["results"] == {"existing": 3}
    assert await world.count("leads") == 3
    assert await world.count("import_chunks") == 0


async def test_i2_19_rows_sent_before_are_left_alone_or_grow(world: World):
    await imported(world, csv_of([HEADER, *people(2)]))
    grown = people(2)
    grown[1][5] = "Soita perjantaina"
    skipped = await imported(world, csv_of([HEADER, *grown]))
    assert skipped["results"] == {"existing": 2}
    updated = await imported(world, csv_of([HEADER, *grown]), again=True, on_existing="update")
    assert updated["results"] == {"existing": 1, "updated": 1}
    (row,) = await world.rows("SELECT content FROM leads WHERE external_id = 'ext-1'")
    assert row["content"]["comments"] == "Soita perjantaina"


async def test_i2_19_a_file_whose_columns_are_not_understood_waits_for_a_mapping(world: World):
    content = csv_of([["Kolumni A", "Kolumni B"], ["040 1234567", "Maija"]])
    sent = (await send(world, content)).json()
    assert (sent["state"], sent["columns"], sent["mapping"]) == ("unmapped", ["Kolumni A", "Kolumni B"], {})
    path = f"/v1/imports/{sent['id']}/start"
    unmapped = await world.http.post(path, json={}, headers=bearer(world.key))
    assert (unmapped.status_code, unmapped.json()["code"]) == (409, "mapping-missing")
    mapping = {"Kolumni A": "phone", "Kolumni B": "custom.nick"}
    await world.http.post(path, json={"mapping": mapping}, headers=bearer(world.key))
    await world.import_files()
    (row,) = await world.rows("SELECT phone, content FROM leads")
    assert (row["phone"], row["content"]["custom"]) == ("+358401234567", {"nick": "Maija"})


async def test_i2_19_a_saved_mapping_belongs_to_its_partner(world: World):
    saved = await world.http.post(
        "/v1/imports/mappings",
        json={"name": "CRM", "columns": {"A": "phone", "B": "last_name", "C": "email"}},
        headers=bearer(world.key),
    )
    assert saved.status_code == 201, saved.text
    mapping_id = saved.json()["id"]
    done = await imported(world, csv_of([["A", "B"], ["0401234567", "Virtanen"]]), mapping_id=mapping_id)
    assert (done["mapping"], done["results"]) == ({"A": "phone", "B": "last_name"}, {"accepted": 1})
    other = bearer(await world.issue(await world.partner(name="Other")))
    foreign = await send(world, b"A\n0401234568\n", other, mapping_id=mapping_id)
    unknown = await send(world, b"A\n0401234568\n", other, mapping_id="map_none")
    assert foreign.status_code == unknown.status_code == 404
    path = f"/v1/imports/mappings/{mapping_id}"
    stale = await world.http.patch(path, json={"name": "X"}, headers=bearer(world.key) | {"If-Match": '"9"'})
    assert stale.status_code == 412
    changed = await world.http.patch(path, json={"name": "X"}, headers=bearer(world.key) | {"If-Match": '"1"'})
    assert (changed.json()["name"], changed.json()["columns"]["A"]) == ("X", "phone")
    assert (await world.http.delete(path, headers=other)).status_code == 404
    assert (await world.http.delete(path, headers=bearer(world.key))).status_code == 204


async def test_i2_19_a_foreign_import_answers_as_an_unknown_one(world: World):
    done = await imported(world, csv_of([HEADER, *people(1)]))
    other = bearer(await world.issue(await world.partner(name="Other")))
    for what in ("", "/rows", "/failures"):
        foreign = await world.http.get(f"/v1/imports/{done['id']}{what}", headers=other)
        unknown = await world.http.get(f"/v1/imports/imp_none{what}", headers=other)
        assert foreign.status_code == unknown.status_code == 404
    for what in ("/start", "/cancel"):
        foreign = await world.http.post(f"/v1/imports/{done['id']}{what}", json={}, headers=other)
        assert foreign.status_code == 404
    assert (await world.http.get("/v1/imports", headers=other)).json()["data"] == []
    agent = world.service.headers("leads_agent")
    assert (await world.http.get("/v1/imports", headers=agent)).status_code == 403


async def test_i2_19_supervisors_send_files_for_a_partner_and_partners_for_themselves(world: World):
    staff = world.service.headers("supervisor")
    content = csv_of([HEADER, *people(1)])
    assert (await send(world, content, staff)).json()["code"] == "partner-missing"
    sent = await send(world, content, staff, partner_id=world.partner_id)
    assert (sent.status_code, sent.json()["partner_id"]) == (201, world.partner_id)
    user = world.service.headers("partner", partner_id=world.partner_id)
    assert (await send(world, content, user, partner_id="ptr_internal")).json()["code"] == "partner-foreign"
    test_key = await world.issue(world.partner_id, test=True)
    tested = await send(world, csv_of([HEADER, *people(1, 50)]), bearer(test_key))
    assert tested.json()["test"] is True
    reading = await world.issue(world.partner_id, scopes=["leads.read"])
    assert (await send(world, content, bearer(reading))).json()["code"] == "scope-missing"
    buyer = await world.partner(name="Buyer", sells_leads=False, buys_leads=True)
    assert (await send(world, content, bearer(await world.issue(buyer)))).json()["code"] == "partner-cannot-sell"


async def test_i2_19_a_cancelled_import_stores_no_more_leads(world: World):
    sent = (await send(world, csv_of([HEADER, *people(10)]))).json()
    path = f"/v1/imports/{sent['id']}/cancel"
    cancelled = await world.http.post(path, headers=bearer(world.key))
    assert cancelled.json()["state"] == "cancelled"
    await world.import_files()
    assert (await world.count("leads"), await world.count("import_chunks")) == (0, 0)
    assert (await world.http.post(path, headers=bearer(world.key))).status_code == 200
    assert (await imported(world, csv_of([HEADER, *people(10)])))["results"] == {"accepted": 10}


async def test_an_upload_with_the_same_idempotency_key_is_one_import(world: World):
    content, headers = csv_of([HEADER, *people(2)]), bearer(world.key) | {"Idempotency-Key": "file-1"}
    first = await send(world, content, headers)
    again = await send(world, content, headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    other = await send(world, csv_of([HEADER, *people(3)]), headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert (await world.count("imports"), await world.count("import_chunks")) == (1, 1)


async def test_mappings_that_make_no_sense_are_refused(world: World):
    content = csv_of([HEADER, *people(1)])
    for mapping in ({"Puhelin": "shoe_size"}, {"Puhelin": "phone", "Etunimi": "phone"}, {}, {"Etunimi": "first_name"}):
        refused = await send(world, content, mapping=json.dumps(mapping))
        assert refused.status_code == 422, mapping
    assert (await send(world, content, mapping="{")).status_code == 422
    assert (await send(world, content, shoe_size="44")).status_code == 422
    assert (await send(world, content, time_zone="Mars/Olympus")).status_code == 422
    assert await world.count("import_chunks") == 0


async def test_i2_27_failed_rows_forget_a_person_and_after_a_while_everybody(world: World):
    rows = [["040 1234567", ""], ["(+358) 40 123 45 67", "x" * 400], ["12", " Maija@Example.com"], ["13", "other"]]
    done = await imported(world, csv_of([["Puhelin", "Sähköposti"], *rows, ["040-1234567", ""]]))
    assert done["results"] == {"accepted": 1, "rejected": 3, "invalid": 1}
    async with world.service.db.unit_of_work() as work:
        assert await store.forget_person(work, [], ["+358401234567"], ["maija@example.com"]) == 3
    left = (await look(world, done["id"], "/failures")).splitlines()[1:]
    assert [line.split(";")[0] for line in left] == ["13"]
    await world.rows("UPDATE imports SET finished_at = now() - interval '31 days' RETURNING 1")
    await store.clean_up(world.service.db.pool, 7, 30)
    assert (await look(world, done["id"], "/failures")).splitlines()[1:] == []
    assert len((await look(world, done["id"], "/rows"))["data"]) == 5


async def test_i2_19_files_that_nobody_starts_and_uploads_that_broke_off_are_forgotten(world: World):
    waiting = await send(world, csv_of([["A", "B"], ["1", "2"]]))
    assert waiting.json()["state"] == "unmapped"
    await store.add_chunk(world.service.db.pool, "imp_broken_off", 0, b"phone")
    await store.clean_up(world.service.db.pool, 7, 30)
    assert await world.count("import_chunks") == 2
    await world.rows("UPDATE imports SET created_at = now() - interval '8 days' RETURNING 1")
    await world.rows("UPDATE import_chunks SET stored_at = now() - interval '2 days' RETURNING 1")
    await store.clean_up(world.service.db.pool, 7, 30)
    assert await world.count("import_chunks") == 0
    assert (await look(world, waiting.json()["id"]))["state"] == "cancelled"
