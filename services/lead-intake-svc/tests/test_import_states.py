"""An import from its upload to its end, and what starts it again (I2.19)."""

from typing import Any

from contracts.events.intake import ImportCompletedV1, ImportStartedV1
from lead_intake_svc.imports import store
from lead_intake_svc.testing import World, bearer
from lead_intake_svc.testing_files import HEADER, csv_of, imported, look, people, send
from lead_intake_svc.testing_returns import buyer, rule, taken_back


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


async def test_i2_19_a_cancelled_import_stores_no_more_leads(world: World):
    sent = (await send(world, csv_of([HEADER, *people(10)]))).json()
    path = f"/v1/imports/{sent['id']}/cancel"
    cancelled = await world.http.post(path, headers=bearer(world.key))
    assert cancelled.json()["state"] == "cancelled"
    await world.import_files()
    assert (await world.count("leads"), await world.count("import_chunks")) == (0, 0)
    assert (await world.http.post(path, headers=bearer(world.key))).status_code == 200
    assert (await imported(world, csv_of([HEADER, *people(10)])))["results"] == {"accepted": 10}


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


async def test_i2_22_i2_24_a_dry_run_says_of_replacements_and_sales_what_the_import_then_does(world: World):
    """An unknown original, one that was not taken back, one that an earlier row replaces; and who would be sold."""
    gone, kept = await taken_back(world), (await world.accepted())["id"]
    await world.project("prj_b")
    buyer_id = await buyer(world)
    await rule(world, buyer_id=buyer_id, project_id="prj_b")
    rows = [[*row, original] for row, original in zip(people(5, 700), [gone, gone, "lead_none", kept, ""], strict=True)]
    content = csv_of([[*HEADER, "Korvaa"], *rows])
    checked = await imported(world, content, dry_run=True)
    shown = [(row["result"], [each["code"] for each in row["problems"]]) for row in await _rows(world, checked["id"])]
    assert shown == [
        ("accepted", []),
        ("invalid", ["replacement-exists"]),
        ("invalid", ["replacement-unknown"]),
        ("invalid", ["replacement-not-returned"]),
        ("accepted", []),
    ]
    assert await world.count("replacements") == 0
    await world.http.post(f"/v1/imports/{checked['id']}/start", json={}, headers=bearer(world.key))
    await world.import_files()
    done = await look(world, checked["id"])
    assert done["results"] == checked["results"] == {"accepted": 2, "invalid": 3}
    for_sale = await imported(world, csv_of([HEADER, *people(1, 50)]), dry_run=True, project_id="prj_b")
    (row,) = await _rows(world, for_sale["id"])
    assert (row["result"], [each["code"] for each in row["problems"]]) == ("accepted", ["sold-by-rule"])


async def _rows(world: World, import_id: str) -> list[dict[str, Any]]:
    return list((await look(world, import_id, "/rows"))["data"])
