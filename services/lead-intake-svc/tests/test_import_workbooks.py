"""Workbooks, and files that would hurt: refused early, with the reason (I2.19)."""

import io
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import xlsxwriter
from lead_intake_svc.testing import World, bearer


def workbook(rows: list[list[Any]], before: list[tuple[str, list[list[Any]]]] | None = None) -> bytes:
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed, {"default_date_format": "dd.mm.yyyy hh:mm", "remove_timezone": True}) as book:
        for name, content in [*(before or []), ("Leads", rows)]:
            sheet = book.add_worksheet(name)
            for n, row in enumerate(content):
                sheet.write_row(n, 0, row)
    return packed.getvalue()


async def send(world: World, content: bytes, **fields: str) -> Any:
    form = {"project_id": "prj_a", **fields}
    files = {"file": ("leads.xlsx", content)}
    return await world.http.post("/v1/imports", data=form, files=files, headers=bearer(world.key))


async def test_i2_19_a_workbook_is_imported_with_its_numbers_and_dates(world: World):
    at = datetime(2026, 1, 2, 8, 30, tzinfo=UTC)
    rows: list[list[Any]] = [
        ["Nimi", "Puhelin", "Suostumus", "custom.score"],
        ["Maija Virtanen", 358401234567, at, 1.5],
        ["", "", "", ""],
        ["Matti Virtanen", "0401234568", "", 7],
    ]
    sent = await send(world, workbook(rows, [("Cover", [["Nothing here"]])]), sheet="Leads")
    assert sent.status_code == 201, sent.text
    assert sent.json()["file"]["format"] == "xlsx"
    await world.import_files()
    leads = await world.rows("SELECT phone, first_name, content FROM leads ORDER BY id")
    assert [(lead["phone"], lead["first_name"]) for lead in leads] == [
        ("+358401234567", "Maija"),
        ("+358401234568", "Matti"),
    ]
    assert leads[0]["content"]["consent"]["given_at"] == "2026-01-02T08:30:00Z"
    assert [lead["content"]["custom"]["score"] for lead in leads] == ["1.5", "7"]
    assert [row["line"] for row in await world.rows("SELECT line FROM import_rows ORDER BY line")] == [2, 4]


def _zip(entries: dict[str, bytes], *, encrypted: bool = False) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    content = packed.getvalue()
    if not encrypted:
        return content
    place = content.index(b"PK\x01\x02")
    return content[: place + 8] + b"\x01" + content[place + 9 :]


SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'


def _with_sheet(content: bytes) -> bytes:
    """A proper workbook whose only sheet is another."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook([["a"]]))) as proper, zipfile.ZipFile(packed, "w", 8) as archive:
        for name in proper.namelist():
            archive.writestr(name, content if name == "xl/worksheets/sheet1.xml" else proper.read(name))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (_zip({"xl/workbook.xml": b"\0" * 64 * 1024**2}), "workbook-bomb"),
        (_zip({f"{n}.xml": b"" for n in range(2001)}), "workbook-bomb"),
        (_zip({"xl/workbook.xml": b"x"}, encrypted=True), "workbook-encrypted"),
        (_zip({"word/document.xml": b"x"}), "file-not-a-workbook"),
        (_zip({"xl/workbook.xml": b"x"}), "workbook-broken"),
        (b"PK\x03\x04" + b"\x07" * 500, "workbook-broken"),
        (workbook([["c"] * 501]), "too-many-columns"),
        # Two cells in opposite corners: 17 thousand million in between.
        (
            _with_sheet(
                SHEET % b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
            ),
            "workbook-too-large",
        ),
    ],
    ids=["zip-bomb", "entries", "encrypted", "docx", "empty", "cut", "columns", "corners"],
)
async def test_i2_19_workbooks_that_would_hurt_are_refused_with_the_reason(world: World, content: bytes, code: str):
    refused = await send(world, content)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert (await world.count("imports"), await world.count("import_chunks")) == (0, 0)


async def test_i2_19_an_unknown_sheet_is_refused(world: World):
    refused = await send(world, workbook([["phone"], ["0401234567"]]), sheet="Nobody")
    assert (refused.status_code, refused.json()["code"]) == (422, "sheet-unknown")


async def test_i2_19_two_gigabytes_are_refused_by_their_announced_length(world: World):
    headers = bearer(world.key) | {
        "Content-Type": "multipart/form-data; boundary=b",
        "Content-Length": str(2 * 1024**3),
    }
    refused = await world.http.post("/v1/imports", content=b"", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (413, "body-too-large")


async def test_i2_19_a_file_without_end_is_cut_off_at_its_limit_and_nothing_is_kept(world: World):
    async def body() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nphone,email\n'
        for _ in range(20):
            yield b"0401234567,a@example.com\n" * 41943

    headers = bearer(world.key) | {"Content-Type": "multipart/form-data; boundary=b"}
    refused = await world.http.post("/v1/imports", content=body(), headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (413, "body-too-large")
    assert await world.count("import_chunks") == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"--b--", 422),
        (b"--b\r\n\r\n", 400),
        (b'--b\r\nContent-Disposition: form-data; name="project_id"\r\n\r\nprj_a\r\n--b--\r\n', 422),
        (b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n\r\n--b--\r\n', 422),
        (b'--b\r\nContent-Disposition: form-data; name="other"; filename="a"\r\n\r\nx\r\n--b--\r\n', 422),
        (b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nphone\n04', 400),
    ],
)
async def test_broken_forms_are_refused(world: World, body: bytes, status: int):
    headers = bearer(world.key) | {"Content-Type": "multipart/form-data; boundary=b"}
    refused = await world.http.post("/v1/imports", content=body, headers=headers)
    assert refused.status_code == status, refused.text
    plain = await world.http.post("/v1/imports", content=body, headers=bearer(world.key))
    assert plain.status_code == 415
    assert await world.count("import_chunks") == 0
