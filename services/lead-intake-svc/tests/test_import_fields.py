"""From columns to fields, and from cells to a lead (I2.19): pure."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from lead_intake_svc.imports.fields import name_columns, suggest
from lead_intake_svc.imports.rows import Row, RowRefused
from lead_intake_svc.testing_files import plan

FIELDS = ("phone", "consent.given_at", "order.total", "order.quantity", "order.product_code", "test", "full_name")


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
