"""S0.12: what is counted, under what, and what the answer looks like."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from contracts.events.assignment import (
    AttemptLoggedV1,
    LeadAssignedV1,
    LeadClaimedV1,
    LeadConvertedV1,
    LeadInvalidatedV1,
    LeadQueuedV1,
    LeadResolvedV1,
)
from contracts.events.intake import (
    LeadAcceptedV1,
    LeadQuarantinedV1,
    LeadRejectedV1,
    LeadReplacedV1,
    LeadUpdatedV1,
    ReturnAcceptedV1,
)
from contracts.events.validation import CaseConfirmedV1, CaseRejectedV1
from contracts.events.values import Money, Order

MORNING = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("two_sponsors")
METRICS = (
    "received", "rejected", "quarantined", "held", "confirmed", "validation_rejected", "queued", "claimed",
    "attempts", "contacted", "resolved", "converted", "invalid", "returned", "replaced",
)  # fmt: skip


def counts(**expected: int) -> dict[str, int]:
    return dict.fromkeys(METRICS, 0) | expected


@pytest.mark.parametrize(
    ("event_class", "more", "expected"),
    [
        (LeadAcceptedV1, {}, {"received": 1}),
        (LeadAcceptedV1, {"hold": True}, {"received": 1, "held": 1}),
        (LeadRejectedV1, {}, {"received": 1, "rejected": 1}),
        (LeadQuarantinedV1, {}, {"received": 1, "quarantined": 1}),
        (CaseConfirmedV1, {}, {"confirmed": 1}),
        (CaseRejectedV1, {}, {"validation_rejected": 1}),
        (LeadQueuedV1, {}, {"queued": 1}),
        (LeadClaimedV1, {}, {"claimed": 1}),
        (LeadAssignedV1, {}, {"claimed": 1}),
        (AttemptLoggedV1, {}, {"attempts": 1}),
        (AttemptLoggedV1, {"contacted": True}, {"attempts": 1, "contacted": 1}),
        (LeadResolvedV1, {}, {"resolved": 1}),
        (LeadConvertedV1, {"order": Order(number="1", status="completed")}, {"converted": 1}),
        (LeadInvalidatedV1, {}, {"invalid": 1}),
        (ReturnAcceptedV1, {"reason": "wrong number", "requested_at": MORNING, "answer_by": MORNING}, {"returned": 1}),
        (LeadReplacedV1, {}, {"replaced": 1}),
    ],
)
async def test_s0_12_each_event_counts_as_what_it_is(  # noqa: PLR0917 -- fixtures and parameters
    api: Any, consumer: Any, events: Any, event_class: type[Any], more: dict[str, Any], expected: dict[str, int]
):
    await consumer.hear(events().of(event_class, **more))
    answer = await api.get("statistics?sponsor_id=spo_a")
    assert answer["totals"] == counts(**expected)
    assert answer["series"] == [{"at": "2026-03-02T09:00:00Z", **counts(**expected)}]


async def test_s0_12_a_quarantined_lead_that_is_decided_later_is_received_once(api: Any, consumer: Any, events: Any):
    await consumer.hear(events().of(LeadQuarantinedV1), events().of(LeadQuarantinedV1, 2))
    await consumer.hear(events().of(LeadAcceptedV1, hold=True), events().of(LeadRejectedV1, 2), sequence=2)
    totals = (await api.get("statistics"))["totals"]
    assert totals == counts(received=2, quarantined=2, held=1, rejected=1)


async def test_s0_12_the_answer_has_its_breakdowns(api: Any, consumer: Any, events: Any):
    of = events().of

    def sale(amount: int, currency: str) -> Order:
        return Order(number="1", status="completed", total=Money(amount_minor=amount, currency=currency))

    await consumer.hear(
        of(LeadRejectedV1, reason="duplicate"),
        of(LeadRejectedV1, reason="duplicate"),
        of(LeadRejectedV1, reason="suppressed"),
        of(LeadResolvedV1, disposition="Not interested"),
        of(LeadResolvedV1, disposition="Already a customer"),
        of(LeadConvertedV1, order=sale(12_50, "EUR")),
        of(LeadConvertedV1, order=sale(7_50, "EUR")),
        of(LeadConvertedV1, order=sale(99, "SEK")),
    )
    answer = await api.get("statistics?sponsor_id=spo_a&by=day")
    assert set(answer) == {
        "as_of", "totals", "rejected_by_reason", "resolved_by_disposition", "converted_value", "speed_to_lead",
        "series",
    }  # fmt: skip
    assert answer["rejected_by_reason"] == {"duplicate": 2, "suppressed": 1}
    assert answer["resolved_by_disposition"] == {"Already a customer": 1, "Not interested": 1}
    assert answer["converted_value"] == [
        {"currency": "EUR", "amount_minor": 2000},
        {"currency": "SEK", "amount_minor": 99},
    ]
    assert answer["speed_to_lead"] == {"median_s": None, "p90_s": None}
    assert [point["at"] for point in answer["series"]] == ["2026-03-02T00:00:00Z"]


async def test_s0_12_speed_to_lead_is_the_time_to_the_first_call(api: Any, consumer: Any, events: Any):
    seconds = [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10240]
    first = [events().of(AttemptLoggedV1, number=1, started_at=MORNING + timedelta(seconds=each)) for each in seconds]
    second = events().of(AttemptLoggedV1, number=2, started_at=MORNING + timedelta(days=3))
    await consumer.hear(*first, second, second)
    answer = await api.get("statistics?project_id=prj_a")
    assert answer["totals"]["attempts"] == 13
    assert answer["speed_to_lead"]["median_s"] == pytest.approx(320, rel=0.021)
    assert answer["speed_to_lead"]["p90_s"] == pytest.approx(5120, rel=0.021)


async def test_s0_12_test_leads_count_nowhere(service: Any, consumer: Any, events: Any):
    tried = events(test=True)
    await consumer.hear(tried.of(LeadAcceptedV1), tried.of(LeadClaimedV1))
    await consumer.hear(tried.of(LeadUpdatedV1), sequence=2)
    for table in ("counters", "facts", "revised_leads"):
        assert await service.db.pool.fetchval(f"SELECT count(*) FROM {table}") == 0
    assert await service.db.pool.fetchval("SELECT count(*) FROM inbox") == 3


async def test_s0_12_per_sponsor_project_list_partner_and_agent(api: Any, consumer: Any, events: Any):
    contact_list = (await api.create("contact-lists", name="L", sponsor_id="spo_a"))["id"]
    mine = events(contact_list_id=contact_list)
    theirs = events("spo_b", "prj_b", "ptr_b")
    nobodys = events(None, "prj_b", "ptr_b")
    await consumer.hear(*(mine.of(LeadAcceptedV1, n) for n in range(3)), mine.of(LeadClaimedV1))
    await consumer.hear(
        theirs.of(LeadAcceptedV1), theirs.of(LeadClaimedV1, agent_id="usr_b"), nobodys.of(LeadAcceptedV1)
    )

    async def received_and_claimed(query: str) -> tuple[int, int]:
        totals = (await api.get(f"statistics?{query}"))["totals"]
        return totals["received"], totals["claimed"]

    assert await received_and_claimed("") == (5, 2)
    assert await received_and_claimed("sponsor_id=spo_a") == (3, 1)
    assert await received_and_claimed("sponsor_id=spo_b") == (1, 1)
    assert await received_and_claimed("project_id=prj_a") == (3, 1)
    assert await received_and_claimed("project_id=prj_b") == (2, 1)
    assert await received_and_claimed("project_id=prj_b&sponsor_id=spo_b") == (1, 1)
    assert await received_and_claimed(f"contact_list_id={contact_list}") == (3, 1)
    assert await received_and_claimed("partner_id=ptr_b") == (2, 1)
    assert await received_and_claimed("agent_id=usr_b") == (0, 1)
    assert await received_and_claimed("agent_id=usr_agent&sponsor_id=spo_b") == (0, 0)


@pytest.mark.parametrize(
    ("event_class", "more", "metric"),
    [
        (LeadClaimedV1, {}, "claimed"),
        (LeadAssignedV1, {}, "claimed"),
        (AttemptLoggedV1, {}, "attempts"),
        (LeadResolvedV1, {}, "resolved"),
        (LeadConvertedV1, {"order": Order(number="1", status="completed")}, "converted"),
        (LeadInvalidatedV1, {}, "invalid"),
    ],
)
async def test_s0_12_what_an_agent_did_counts_for_the_agent(  # noqa: PLR0917 -- fixtures and parameters
    api: Any, consumer: Any, events: Any, event_class: type[Any], more: dict[str, Any], metric: str
):
    await consumer.hear(events().of(event_class, agent_id="usr_b", **more))
    assert (await api.get("statistics?agent_id=usr_b"))["totals"] == counts(**{metric: 1})
    assert (await api.get("statistics?agent_id=usr_agent"))["totals"] == counts()


async def test_s0_12_from_and_to_choose_the_minutes(api: Any, consumer: Any, events: Any):
    for minutes in (0, 1, 30, 90, 60 * 24, 60 * 24 * 40):
        await consumer.hear(events().of(LeadAcceptedV1), at=MORNING + timedelta(minutes=minutes, seconds=20))

    async def received(since: str, until: str, by: str = "minute") -> list[int]:
        answer = await api.get(f"statistics?by={by}&from={since}&to={until}")
        return [answer["totals"]["received"], *(point["received"] for point in answer["series"])]

    assert await received("2026-03-02T09:30:00Z", "2026-03-02T09:31:00Z") == [1, 1]
    assert await received("2026-03-02T11:30:00%2B02:00", "2026-03-02T10:01:00Z") == [3, 1, 1, 1]
    assert await received("2026-03-02T09:31:00Z", "2026-03-03T09:31:00Z", "hour") == [4, 2, 1, 1, 1]
    assert await received("2026-03-02T00:00:00Z", "2026-04-30T00:00:00Z", "day") == [6, 4, 1, 1]
    assert await received("2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z", "day") == [0]


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-03-02T09:30:00Z&to=2026-03-02T09:30:00Z",
        "from=2026-03-02T09:30:00",
        "from=yesterday",
        "to=1960-01-01T00:00:00Z",
        "from=0001-01-01T00:00:00%2B14:00",
        "by=week",
        "project_id=prj_a&agent_id=usr_a",
        "sponsor=spo_a",
    ],
)
async def test_questions_that_make_no_sense_are_refused(api: Any, query: str):
    answer = await api.problem("GET", f"statistics?{query}")
    assert answer.startswith("422 ")


async def test_s0_12_only_sponsors_see_figures_and_only_their_own(service: Any, api: Any, consumer: Any, events: Any):
    await consumer.hear(events().of(LeadAcceptedV1))
    await consumer.hear(*(events("spo_b", "prj_b").of(LeadAcceptedV1, n) for n in range(7)))
    headers = service.headers("sponsor", sponsor_id="spo_a")
    for query in ("", "?sponsor_id=spo_a", "?project_id=prj_a", "?sponsor_id=spo_a&project_id=prj_a"):
        assert (await api.get(f"statistics{query}", headers))["totals"] == counts(received=1)
    same = headers | {"X-Request-Id": "same"}
    bodies = {
        (await service.http.get(f"/v1/statistics{path}?{query}", headers=same)).content
        for path in ("", "/stream")
        for query in (
            "sponsor_id=spo_b", "sponsor_id=spo_none", "project_id=prj_b", "project_id=prj_none",
            "contact_list_id=lst_none", "partner_id=ptr_a", "agent_id=usr_agent", "sponsor_id=spo_a&project_id=prj_b",
        )
    }  # fmt: skip
    (only,) = bodies
    assert b'"status":404' in only
    assert await api.problem("GET", "statistics?sponsor_id=spo_none") == "404 not-found"
    assert await api.problem("GET", "statistics?project_id=prj_none") == "404 not-found"
    for level in ("leads_agent", "call_centre", "partner", "integration"):
        for path in ("statistics", "statistics/stream"):
            assert await api.problem("GET", path, level) == "403 forbidden"
    assert (await service.http.get("/v1/statistics")).status_code == 401


async def test_s0_11_an_agency_sees_the_sum_of_its_sponsors(service: Any, api: Any, consumer: Any, events: Any):
    """Also where sponsors share a project's figures or a bucket of time."""
    await consumer.hear(
        events().of(LeadAcceptedV1), *(events("spo_b", "prj_b").of(LeadAcceptedV1, n) for n in range(4))
    )
    await consumer.hear(
        *(events("spo_b", "prj_b").of(LeadAcceptedV1, n) for n in (8, 9)), at=MORNING + timedelta(days=1)
    )
    await consumer.hear(*(events("spo_c", "prj_c").of(LeadAcceptedV1, n) for n in range(20, 29)))
    agency = service.headers("sponsor", sponsor_ids=["spo_a", "spo_b"])
    both = await api.get("statistics?by=day", agency)
    assert both["totals"] == counts(received=7)
    assert [point["received"] for point in both["series"]] == [5, 2]
    for query, received in (("sponsor_id=spo_a", 1), ("sponsor_id=spo_b", 6), ("project_id=prj_b", 6)):
        assert (await api.get(f"statistics?{query}", agency))["totals"] == counts(received=received)
    none = await api.get("statistics?sponsor_id=spo_b&project_id=prj_a", agency)
    assert none["totals"] == counts()
    foreign = await service.http.get("/v1/statistics?sponsor_id=spo_c", headers=agency)
    assert foreign.status_code == 404


async def test_s0_12_a_project_that_changes_hands_takes_no_figures_along(
    service: Any, api: Any, consumer: Any, events: Any
):
    """What was counted for one sponsor stays that sponsor's: `lead.sponsor_id` decides, not today's project."""
    await consumer.hear(events().of(LeadAcceptedV1))
    await api.patch("projects/prj_a", sponsor_id="spo_b")
    await consumer.hear(replace(events(), sponsor_id="spo_b").of(LeadAcceptedV1, 2))
    headers = service.headers("sponsor", sponsor_id="spo_b")
    assert (await api.get("statistics?project_id=prj_a", headers))["totals"]["received"] == 1
    assert (await api.get("statistics?project_id=prj_a"))["totals"]["received"] == 2
    old = await service.http.get(
        "/v1/statistics?project_id=prj_a", headers=service.headers("sponsor", sponsor_id="spo_a")
    )
    assert old.status_code == 404
