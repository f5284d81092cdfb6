"""`/v1/imports`: from the file to the leads (I2.19)."""

import csv
import io

import pytest
from contracts.events.intake import LeadAcceptedV1
from lead_intake_svc.imports import store
from lead_intake_svc.testing import World
from lead_intake_svc.testing_files import HEADER, csv_of, imported, look, people


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


async def test_i2_19_failed_rows_are_kept_for_a_while_only(world: World):
    done = await imported(world, csv_of([["Puhelin", "Sähköposti"], ["12", "maija@example.com"]]))
    assert len((await look(world, done["id"], "/failures")).splitlines()) == 2
    await world.rows("UPDATE imports SET finished_at = now() - interval '31 days' RETURNING 1")
    await store.clean_up(world.service.db.pool, 7, 30)
    assert len((await look(world, done["id"], "/failures")).splitlines()) == 1
    assert len((await look(world, done["id"], "/rows"))["data"]) == 1
