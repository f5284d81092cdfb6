"""security.md, Database: the database shows a sponsor the cases of its own leads, whatever is asked."""

from typing import Any

import pytest
from messaging.sight import NOTHING, Sight
from servicekit.testing import ServiceUnderTest
from servicekit.testing_rows import open_tables, rows_seen

# Which returns stand and which leads were erased, by id; nobody but the service asks.
OPEN = {"returns", "erased_leads"}
MINE, THEIRS = Sight(sponsor_ids=frozenset({"spo_secret"})), Sight(sponsor_ids=frozenset({"spo_other"}))


async def test_a_table_of_somebodys_rows_is_protected_or_named_here(service: ServiceUnderTest):
    assert await open_tables(service) == OPEN


async def test_v4_9_a_statement_that_asks_for_everything_shows_a_sponsor_its_own(
    service: ServiceUnderTest, make_lead: Any, decide: Any
):
    await service.deliver(make_lead())
    await decide("lead_0001", "unconfirmed", note="not at home")
    seen = await rows_seen(service, MINE)
    assert [len(seen[table]) for table in ("cases", "case_notes")] == [1, 1]
    for sight in (NOTHING, THEIRS, NOTHING, Sight(agent_id="usr_v"), Sight(partner_id="ptr_secret")):
        seen = await rows_seen(service, sight)
        assert not any(seen.values())


async def test_v4_9_a_flip_whose_scope_is_forgotten_meets_no_foreign_case(
    service: ServiceUnderTest, make_lead: Any, decide: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("validation_svc.scope.billing_of", _everything)
    await service.deliver(make_lead())
    await decide("lead_0001", "confirmed")
    body = {"billable": False, "reason": "wrong person"}
    for sponsor_id, status in (("spo_other", 404), ("spo_secret", 200)):
        headers = service.headers("sponsor", sponsor_id=sponsor_id)
        answer = await service.http.post("/v1/validation/cases/lead_0001/billable", json=body, headers=headers)
        assert answer.status_code == status, answer.text


def _everything(*_: object) -> None:
    """A scope that somebody forgot."""
