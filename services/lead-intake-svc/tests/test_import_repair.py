"""What spreadsheets do to values, and what of it can be undone (I2.19): pure."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lead_intake_svc.imports.repair import Damaged, clean, read_minor, read_time, read_yes_no
from lead_intake_svc.imports.rows import Row, RowRefused, split_name
from lead_intake_svc.testing_files import plan
from servicekit.csv_lines import cell


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


@given(st.sampled_from("=+-@"), st.text("ab1+ -=@", max_size=8))
def test_neutralised_text_comes_back_as_it_was(first: str, rest: str):
    text = (first + rest).strip()
    assert cell(text) == "'" + text
    assert clean(cell(text)) == text


@pytest.mark.parametrize(
    ("field", "pointer"), [("custom.*", "/custom"), ("account.fields.*", "/account/fields"), ("order.items", "/order")]
)
def test_i2_19_what_should_be_json_and_is_not_is_refused(field: str, pointer: str):
    for text in ("{", "12", '"x"', "NaN", "[" * 5000):
        with pytest.raises(RowRefused) as refused:
            plan({"p": field}).body(Row(2, [text]))
        assert (refused.value.problem.code, refused.value.problem.field) == ("json-unreadable", pointer)


def test_i2_19_a_column_of_its_own_goes_before_the_rest():
    body = plan({"a": "custom.*", "b": "custom.size"}).body(Row(2, ['{"size": 1, "roof": "flat"}', "2"]))
    assert body["custom"] == {"size": "2", "roof": "flat"}
