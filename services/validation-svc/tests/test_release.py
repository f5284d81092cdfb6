"""V4.1: turning validation off releases what is held, or keeps it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from contracts.events.validation import CaseReleasedV1
from servicekit.testing import ServiceUnderTest
from validation_svc.releases import store
from validation_svc.releases.release_cases import LATE, release_due


def _later() -> datetime:
    return datetime.now(UTC) + LATE + timedelta(seconds=1)


async def test_v4_1_release_lets_every_open_case_of_the_project_go(
    service: ServiceUnderTest, states: Any, make_lead: Any, decide: Any, tell_project: Any
):
    """Unconfirmed and exhausted ones, once each, with the case's version; decided ones and other projects stay."""
    await tell_project(1, max_attempts=1)
    for number in range(1, 6):
        await service.deliver(make_lead(number, project_id="prj_2" if number == 5 else "prj_1"))
    await decide("lead_0002", "unconfirmed")
    await decide("lead_0003", "confirmed")
    await decide("lead_0004", "rejected")
    await tell_project(2, on=False, held_leads="release")
    assert await release_due(service.db) == 2
    assert await release_due(service.db, _later()) == 0
    assert list((await states()).values()) == ["released", "released", "confirmed", "rejected", "unconfirmed"]
    released = await service.published(CaseReleasedV1)
    assert [(e.lead.lead_id, e.attempts) for e in released if isinstance(e, CaseReleasedV1)] == [
        ("lead_0001", 0),
        ("lead_0002", 1),
    ]
    assert (await decide("lead_0001", "confirmed")).json()["decision"]["status"] == "released"
    reopened = await service.http.post(
        "/v1/validation/cases/lead_0001/reopen", json={"reason": "typo"}, headers=service.headers()
    )
    assert reopened.json()["code"] == "case-final"
    listed = await service.http.get("/v1/validation/cases", headers=service.headers())
    assert [case["lead_id"] for case in listed.json()["data"]] == ["lead_0003", "lead_0005"]


async def test_v4_1_keep_keeps_and_a_later_release_releases(
    service: ServiceUnderTest, states: Any, make_lead: Any, decide: Any, tell_project: Any
):
    """A case that an admin reopened afterwards is not let go because the project got another name."""
    await service.deliver(make_lead(1))
    await service.deliver(make_lead(2))
    await decide("lead_0002", "rejected")
    await tell_project(1)
    await tell_project(2, on=False, held_leads="keep")
    assert await release_due(service.db, _later()) == 0
    await tell_project(3, on=False, held_leads="release")
    assert await release_due(service.db) == 1
    reopened = await service.http.post(
        "/v1/validation/cases/lead_0002/reopen", json={"reason": "typo"}, headers=service.headers()
    )
    assert reopened.status_code == 200
    await tell_project(4, on=False, held_leads="release", name="Renamed")
    assert await release_due(service.db, _later()) == 0
    assert await states() == {"lead_0001": "released", "lead_0002": "unconfirmed"}


async def test_v4_1_a_crash_between_portions_is_carried_on(
    service: ServiceUnderTest, states: Any, fill: Any, tell_project: Any, monkeypatch: pytest.MonkeyPatch
):
    """1,300 cases in transactions of 500: what was committed stays, the rest follows, no lead is told twice."""
    await fill(1300)
    await tell_project(1, on=False, held_leads="release")
    release, calls = store.release, 0

    async def crash_once(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        rows = await release(*args)
        if calls == 2:
            raise ConnectionError
        return rows

    monkeypatch.setattr(store, "release", crash_once)
    with pytest.raises(ConnectionError):
        await release_due(service.db)
    assert Counter((await states()).values()) == {"released": 500, "unconfirmed": 800}
    assert len(await service.published(CaseReleasedV1)) == 500
    assert await release_due(service.db) == 800
    leads = [event.subject for event in await service.published(CaseReleasedV1)]
    assert len(leads) == len(set(leads)) == 1300
    assert await service.db.pool.fetchval("SELECT count(*) FROM releases") == 0
