"""A1.10: Customer Search."""

import pytest
from assignment_svc.customers.rules import read_search
from assignment_svc.testing import CallCentre
from contracts.events.values import Order, Person


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("VIRT", ["lead_2", "lead_1"]),
        ("aino virt", ["lead_1"]),
        ("virtanen aino", ["lead_1"]),
        ("+358 40 123", ["lead_1"]),
        ("040 1234567", ["lead_1"]),
        ("34567", ["lead_1"]),
        ("Bo@Example", ["lead_2"]),
        ("ext-2", ["lead_2"]),
        ("77-001", ["lead_2"]),
        ("Vi%", []),
        ("nobody", []),
    ],
)
async def test_a1_10_customers_are_found_by_name_phone_mail_and_numbers(
    centre: CallCentre, words: str, found: list[str]
):
    aino = Person(first_name="Aino", last_name="Virtanen", phone="+358401234567", email="aino@example.fi")
    bo = Person(first_name="Bo", last_name="Virtala", phone="+46701112223", email="bo@example.se")
    await centre.lead("lead_1", person=aino)
    await centre.lead("lead_2", person=bo, external_id="ext-2", order=Order(number="77-001", status="partial"))
    page = await centre.service.http.post(
        "/v1/customers/search", json={"q": words}, headers=centre.service.headers("supervisor")
    )
    assert [row["lead_id"] for row in page.json()["data"]] == found


def test_a1_10_what_is_typed_is_never_a_pattern():
    assert read_search("100%_\\").names == ("100\\%\\_\\\\%",)
    assert read_search("040-12 34 567").phone_end == "7654321" + "04%"
    assert read_search("12").names == ("12%",)
