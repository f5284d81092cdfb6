"""What files do to values, and what of it can be undone: the pure rules of imports (I2.19)."""

import asyncio
import contextlib
import csv
import io
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lead_intake_svc.imports.fields import name_columns, suggest
from lead_intake_svc.imports.reading import MAX_FIELD, Records, Unreadable
from lead_intake_svc.imports.repair import Damaged, clean, read_minor, read_time, read_yes_no
from lead_intake_svc.imports.rows import Plan, Row, RowRefused, split_name
from lead_intake_svc.imports.sniffing import EncodingWatch, delimiter_of, format_of
from servicekit.csv_lines import cell
from servicekit.problems import DomainError


def plan(mapping: dict[str, str], region: str = "FI") -> Plan:
    return Plan(
        columns=list(mapping),
        mapping=mapping,
        project_id="prj_a",
        contact_list_id=None,
        region=region,
        zone=UTC,
        id_prefix="f",
    )


@pytest.mark.parametrize(
    ("cell", "repaired"),
    [
        ("'+358401234567", "+358401234567"),
        ("'0401234567", "0401234567"),
        ("358401234567.0", "+358401234567"),
        ("3.58401234567E+11", "+358401234567"),
        ("3,58401234567e+11", "+358401234567"),
        ("358401234567", "358401234567"),
        ("46701234567", "+46701234567"),
        ('="+358401234567"', "+358401234567"),
        ("\u00a0040\u00a01234567\u200e", "040 1234567"),
        ("tel:+358401234567", "+358401234567"),
    ],
)
def test_i2_19_damaged_phones_are_repaired_where_nothing_is_lost(cell: str, repaired: str):
    found = plan({"p": "phone"}).body(Row(2, [cell]))["phone"]
    assert found.lstrip("+") == repaired.lstrip("+")
    assert found.startswith("+") or not repaired.startswith("+") or found == "358401234567"


@pytest.mark.parametrize(
    ("cell", "code"),
    [("3.58401E+11", "phone-digits-lost"), ("3,58E+11", "phone-digits-lost"), ("1.55E+0", "phone-not-a-number")],
)
def test_i2_19_phones_with_lost_digits_are_refused_with_the_reason(cell: str, code: str):
    with pytest.raises(RowRefused) as refused:
        plan({"p": "phone"}).body(Row(2, [cell]))
    assert (refused.value.problem.code, refused.value.problem.field) == (code, "/phone")


def test_headings_in_english_and_finnish_are_understood():
    assert suggest(["Etunimi", "SUKUNIMI", "Puh. nro", "Sähköposti-osoite".replace("-osoite", ""), "Muu"]) == {
        "Etunimi": "first_name",
        "SUKUNIMI": "last_name",
        "Puh. nro": "phone",
        "Sähköposti": "email",
    }
    assert suggest(["Name", "Phone number", "Mobile", "custom.utm_source"]) == {
        "Name": "full_name",
        "Phone number": "phone",
        "custom.utm_source": "custom.utm_source",
    }
    assert name_columns(["a", "", "a", " a "]) == ["a", "Column 2", "a (2)", "a (3)"]


def test_times_amounts_and_answers_are_read_or_refused_never_guessed():
    helsinki = ZoneInfo("Europe/Helsinki")
    assert read_time("24.12.2026 18:00", helsinki) == "2026-12-24T16:00:00+00:00"
    assert read_time("2026-12-24T18:00:00+02:00", UTC) == "2026-12-24T16:00:00+00:00"
    assert [read_minor(text, "EUR") for text in ("1 234,50", "1,234.50", "12", "0,5", "1.234.567,89")] == [
        123450,
        123450,
        1200,
        50,
        123456789,
    ]
    assert read_minor("1500", "JPY") == 1500
    assert [read_yes_no(text) for text in ("x", "Kyllä", "ei", "0")] == [True, True, False, False]
    assert [split_name(name) for name in ("Maija Virtanen", "Virtanen, Maija", "An Nguyễn Văn")] == [
        ("Maija", "Virtanen"),
        ("Maija", "Virtanen"),
        ("An", "Nguyễn Văn"),
    ]
    for wrong in ("12/11/2026", "31.2.2026", "yesterday", "9999999"):
        with pytest.raises(Damaged):
            read_time(wrong, UTC)
    for wrong in ("free", "1,234,5x", "", "nan"):
        with pytest.raises(Damaged):
            read_minor(wrong, "EUR")


def test_nested_fields_and_an_order_are_put_together():
    mapping = {
        "a": "address.street", "b": "account.name", "c": "account.fields.size", "d": "consent.given_at",
        "e": "order.number", "f": "order.status", "g": "order.total", "h": "order.currency", "i": "order.product_code",
        "j": "order.quantity", "k": "order.unit_price", "l": "phone", "m": "test",
    }  # fmt: skip
    cells = ["Katu 1", "Oy", "12", "1.1.2026", "T1", "Partial", "10,00", "eur", "SKU", "2.0", "5", "0401234567", "x"]
    assert plan(mapping).body(Row(9, cells)) == {
        "project_id": "prj_a",
        "external_id": "f-9",
        "address": {"street": "Katu 1"},
        "account": {"name": "Oy", "fields": {"size": "12"}},
        "consent": {"given_at": "2026-01-01T00:00:00+00:00"},
        "phone": "0401234567",
        "test": True,
        "order": {
            "number": "T1",
            "status": "partial",
            "total": {"amount_minor": 1000, "currency": "EUR"},
            "items": [{"product_code": "SKU", "quantity": 2, "unit_price": {"amount_minor": 500, "currency": "EUR"}}],
        },
    }


@given(st.text(max_size=30), st.text(max_size=10))
def test_any_cell_is_read_or_refused_with_a_reason(text: str, other: str):
    with contextlib.suppress(RowRefused):
        body = plan(dict(zip("abcdefg", FIELDS, strict=True))).body(Row(2, [text, other] * 3))
        assert body["project_id"] == "prj_a"


@given(st.sampled_from("=+-@"), st.text("ab1+ -=@", max_size=8))
def test_neutralised_text_comes_back_as_it_was(first: str, rest: str):
    text = (first + rest).strip()
    assert cell(text) == "'" + text
    assert clean(cell(text)) == text


FIELDS = ("phone", "consent.given_at", "order.total", "order.quantity", "order.product_code", "test", "full_name")


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "file-xls-or-encrypted"),
        (b"\x1f\x8b\x08\x00abc", "file-not-text"),
        (b"%PDF-1.7\n\x00\x01", "file-not-text"),
        (b"  \n", "file-empty"),
        (b",".join(b"c%d" % n for n in range(2000)), "too-many-columns"),
        (b"x" * 64 * 1024, "header-too-long"),
    ],
)
def test_i2_19_what_is_no_list_of_leads_is_refused_by_its_beginning(head: bytes, code: str):
    with pytest.raises(DomainError) as refused:
        format_of(head)
    assert refused.value.code == code


def test_delimiters_inside_cells_do_not_mislead():
    assert delimiter_of('name;note;sum\n"A, B, C";"x, y, z, w";1,50\n' * 10) == ";"
    assert delimiter_of("a,b;c\n1,2;3\n4,5;6\n") in {",", ";"}
    assert delimiter_of("phone\n0401234567\n") == ","


@pytest.mark.parametrize(
    ("encoding", "region"), [("cp1252", "FI"), ("cp1250", "PL"), ("cp1251", "BG"), ("cp1257", "EE")]
)
def test_windows_encodings_are_told_apart_by_the_region(encoding: str, region: str):
    words = {
        "cp1252": "Ähtäri Öölanti Åbo",
        "cp1250": "Zażółć gęślą jaźń",
        "cp1251": "Мария Иванова",
        "cp1257": "Jüri Õun",
    }
    watch = EncodingWatch()
    watch.feed(("a;b\n" + f"{words[encoding]};x\n" * 30).encode(encoding))
    assert watch.encoding(region) == encoding


@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=12),
            min_size=1,
            max_size=4,
        ),
        max_size=30,
    ),
    st.integers(1, 40),
    st.integers(0, 10),
)
def test_records_are_the_same_however_the_file_is_cut(rows: list[list[str]], size: int, skipped: int):
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    body = text.getvalue().encode()
    expected = [(n, row) for n, row in enumerate(rows, start=1) if any(row)]

    async def fetch(n: int) -> bytes | None:
        return body[n * size : (n + 1) * size] or None

    async def read() -> list[tuple[int, list[str]]]:
        records = Records(fetch, "utf-8", ",")
        await records.skip_to(skipped)
        found: list[tuple[int, list[str]]] = []
        while taken := await records.take(7):
            found += [(row.line, list(row.cells)) for row in taken]
        return found

    assert asyncio.run(read()) == [each for each in expected if each[0] > skipped]


async def test_a_quotation_mark_that_is_never_closed_ends_the_reading():
    body = b'a,b\n1,2\n"' + b"x,y\n" * MAX_FIELD

    async def fetch(n: int) -> bytes | None:
        return body[n * 65536 : (n + 1) * 65536] or None

    records = Records(fetch, "utf-8", ",")
    assert [row.cells for row in await records.take(2)] == [["a", "b"], ["1", "2"]]
    with pytest.raises(Unreadable):
        await records.take(1)
    assert records.position == 2
