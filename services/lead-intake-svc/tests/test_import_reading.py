"""What a file is, and its records, however it is cut (I2.19)."""

import asyncio
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lead_intake_svc.imports.reading import MAX_FIELD, Records, Unreadable
from lead_intake_svc.imports.sniffing import EncodingWatch, delimiter_of, format_of
from servicekit.problems import DomainError


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
