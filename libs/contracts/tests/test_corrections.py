"""A3.5: one rule for everybody who keeps a lead's content."""

from typing import Any

from contracts.corrections import corrected

BARE: dict[str, Any] = {"first_name": None, "last_name": None, "phone": "+1", "email": None, "content": {}}


def test_a3_5_a_correction_of_an_account_makes_none():
    for edits in ({"account.name": "A"}, {"account.industry": "Building"}):
        assert corrected(BARE, edits) == BARE


def test_a3_5_corrections_leave_the_other_fields_alone():
    account = {"external_id": "a", "name": "Old", "fields": {"staff": 3}}
    lead: dict[str, Any] = BARE | {
        "content": {"custom": {"size": 1, "roof": "flat"}, "account": account, "comments": "x"}
    }
    edits = {"email": "A@B.example", "custom.size": 2, "account.industry": "Building", "account.name": "New"}
    assert corrected(lead, edits) == BARE | {
        "email": "a@b.example",
        "content": {
            "custom": {"size": 2, "roof": "flat"},
            "account": {"external_id": "a", "name": "New", "fields": {"staff": 3, "industry": "Building"}},
            "comments": "x",
        },
    }
    assert lead["content"]["custom"]["size"] == 1
