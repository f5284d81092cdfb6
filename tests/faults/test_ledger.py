"""The ledger itself must go red when a promise is broken: each mutant of a good run is caught."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from harness.ledger import Hold, Ledger, Observed, violations


def good() -> tuple[Ledger, Observed]:
    ledger = Ledger(
        accepted={"a": "lead_1", "b": "lead_2"},
        holds=[Hold("lead_1", 0, 1.0, 2.0), Hold("lead_2", 1, 1.5, 2.5)],
        attempts=Counter({"lead_1": 1, "lead_2": 1}),
        closed={"lead_1": "resolved", "lead_2": "converted"},
    )
    observed = Observed(
        leads={"a": ("lead_1", "resolved"), "b": ("lead_2", "converted")},
        attempts={"lead_1": 1, "lead_2": 1},
        mails={"lead_1": ["sent"], "lead_2": ["sent"]},
        totals={"received": 2, "claimed": 2, "attempts": 2, "resolved": 1, "converted": 1},
    )
    return ledger, observed


def test_a_good_run_has_no_violations() -> None:
    assert violations(*good()) == []


OBSERVED: dict[str, tuple[dict[str, Any], str]] = {
    "a lost lead": ({"leads": {"a": ("lead_1", "resolved")}}, "is lost"),
    "an invented lead": (
        {"leads": {**good()[1].leads, "c": ("lead_3", "queued")}},
        "nobody was told",
    ),
    "another id": ({"leads": {**good()[1].leads, "a": ("lead_9", "resolved")}}, "another lead"),
    "a wrong end": ({"leads": {**good()[1].leads, "a": ("lead_1", "queued")}}, "and is queued"),
    "a doubled attempt": ({"attempts": {"lead_1": 2, "lead_2": 1}}, "2 are told"),
    "a doubled mail": ({"mails": {"lead_1": ["sent", "sent"], "lead_2": ["sent"]}}, "2 mails"),
    "a mail not sent": ({"mails": {"lead_1": ["queued"], "lead_2": ["sent"]}}, "queued"),
    "a miscount": ({"totals": {**good()[1].totals, "received": 3}}, "3 received"),
}


@pytest.mark.parametrize("mutant", OBSERVED)
def test_a_mutant_of_the_platform_is_caught(mutant: str) -> None:
    ledger, observed = good()
    change, words = OBSERVED[mutant]
    assert any(words in violation for violation in violations(ledger, replace(observed, **change)))


def test_two_holders_at_once_are_caught() -> None:
    ledger, observed = good()
    ledger.holds[1] = Hold("lead_1", 1, 1.9, 2.5)
    assert any("at the same time" in violation for violation in violations(ledger, observed))


def test_two_ids_for_one_push_are_caught() -> None:
    ledger, observed = good()
    ledger.accept("a", "lead_7")
    assert any("two lead ids" in violation for violation in violations(ledger, observed))


def test_an_open_lead_is_caught() -> None:
    ledger, observed = good()
    del ledger.closed["lead_2"]
    assert any("never closed" in violation for violation in violations(ledger, observed))
