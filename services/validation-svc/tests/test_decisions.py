"""Decisions: who wins, what is final, and what is told."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from contracts.events.validation import (
    CaseAttemptedV1,
    CaseConfirmedV1,
    CaseRejectedV1,
    CaseReopenedV1,
)
from servicekit.testing import ServiceUnderTest

BATCH = "/v1/validation/decisions/batch"


async def _reopen(service: ServiceUnderTest, lead_id: str, level: str = "admin") -> Any:
    path = f"/v1/validation/cases/{lead_id}/reopen"
    return await service.http.post(path, json={"reason": "typo"}, headers=service.headers(level, user_id="usr_a"))


async def test_v4_4_a_confirmed_case_is_final(service: ServiceUnderTest, make_lead: Any, decide: Any):
    await service.deliver(make_lead())
    assert (await decide("lead_0001", "confirmed", note="spoke to her")).status_code == 200
    for status in ("confirmed", "rejected", "unconfirmed"):
        for headers in (None, service.headers()):
            assert (await decide("lead_0001", status, headers=headers)).status_code == 409
    reopened = await _reopen(service, "lead_0001")
    assert (reopened.status_code, reopened.json()["code"]) == (409, "case-final")
    [event] = await service.published(CaseConfirmedV1)
    assert isinstance(event, CaseConfirmedV1)
    assert (event.decided_by, event.note, event.lead) == ("usr_v", "spoke to her", make_lead().lead)


async def test_v4_5_of_32_at_once_the_first_wins_and_the_rest_learn_what_it_said(
    service: ServiceUnderTest, make_lead: Any
):
    """V4.5."""
    await service.deliver(make_lead())

    async def one(number: int) -> Any:
        return await service.http.post(
            "/v1/validation/cases/lead_0001/decision",
            json={"status": "confirmed" if number % 2 else "rejected", "note": f"by {number}"},
            headers=service.headers("call_centre", user_id=f"usr_{number}"),
        )

    answers = await asyncio.gather(*(one(number) for number in range(32)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 31}
    [winner] = [answer.json() for answer in answers if answer.status_code == 200]
    number = winner["decided_by"].removeprefix("usr_")
    for answer in answers:
        if answer.status_code == 409:
            decision = answer.json()["decision"]
            assert answer.headers["content-type"] == "application/problem+json"
            assert (decision["status"], decision["decided_by"]) == (winner["status"], winner["decided_by"])
            assert (decision["note"], decision["version"]) == (f"by {number}", 2)
            assert decision["decided_at"] == winner["decided_at"]
    assert len(await service.published(CaseConfirmedV1, CaseRejectedV1)) == 1


async def test_v4_5_a_decision_on_an_old_version_is_refused(service: ServiceUnderTest, make_lead: Any, decide: Any):
    """Two attempts at once are one: the second saw version 1, and gets the first's attempt instead of adding one."""
    await service.deliver(make_lead())
    assert (await decide("lead_0001", "unconfirmed", version=1, note="busy")).status_code == 200
    second = await decide("lead_0001", "unconfirmed", version=1)
    assert second.status_code == 409
    assert second.json()["decision"]["note"] == "busy"
    assert second.json()["decision"]["attempts"] == 1


async def test_v4_6_notes_are_kept_through_everything(service: ServiceUnderTest, make_lead: Any, decide: Any):
    """V4.6, V4.8: append-only; a reopened case starts its attempts anew."""
    await service.deliver(make_lead())
    await decide("lead_0001", "unconfirmed", note="first; with ; semicolons")
    await decide("lead_0001", "unconfirmed")
    await decide("lead_0001", "rejected", note="wrong number")
    assert (await _reopen(service, "lead_0001", "supervisor")).status_code == 403
    reopened = await _reopen(service, "lead_0001")
    assert (reopened.status_code, reopened.json()["status"], reopened.json()["attempts"]) == (200, "unconfirmed", 0)
    again = await _reopen(service, "lead_0001")
    assert (again.status_code, again.json()["code"]) == (409, "case-open")
    await decide("lead_0001", "confirmed", note="right number")
    case = (await service.http.get("/v1/validation/cases/lead_0001", headers=service.headers("call_centre"))).json()
    assert [(note["version"], note["status"], note["text"], note["by"]) for note in case["notes"]] == [
        (2, "unconfirmed", "first; with ; semicolons", "usr_v"),
        (4, "rejected", "wrong number", "usr_v"),
        (5, "reopened", "typo", "usr_a"),
        (6, "confirmed", "right number", "usr_v"),
    ]
    [event] = await service.published(CaseReopenedV1)
    assert isinstance(event, CaseReopenedV1)
    assert event.note == "typo"


async def test_v4_7_a_bulk_decision_has_a_result_per_row(service: ServiceUnderTest, make_lead: Any, decide: Any):
    for number in (1, 2, 3):
        await service.deliver(make_lead(number))
    await decide("lead_0002", "rejected")
    rows = [
        {"lead_id": "lead_0003", "status": "unconfirmed", "note": "busy"},
        {"lead_id": "lead_none", "status": "confirmed"},
        {"lead_id": "lead_0002", "status": "confirmed"},
        {"lead_id": "lead_0001", "status": "confirmed"},
        {"lead_id": "lead_0001", "status": "rejected"},
    ]
    answer = await service.http.post(BATCH, json={"decisions": rows}, headers=service.headers("call_centre"))
    assert answer.status_code == 200
    assert [(r["index"], r["status"], r["code"]) for r in answer.json()["results"]] == [
        (0, "ok", None),
        (1, "failed", "not-found"),
        (2, "failed", "case-already-decided"),
        (3, "ok", None),
        (4, "skipped", "lead-repeated"),
    ]
    told = {type(event) for event in (await service.published())[4:]}
    assert told == {CaseConfirmedV1, CaseAttemptedV1}


async def test_v4_7_a_repeated_batch_gives_the_first_answer_again(service: ServiceUnderTest, make_lead: Any):
    """With a key, attempts count once; the same key with another body is refused."""
    for number in (1, 2):
        await service.deliver(make_lead(number))
    rows = [{"lead_id": f"lead_{number:04}", "status": "unconfirmed"} for number in (1, 2)]
    headers = service.headers("call_centre") | {"Idempotency-Key": "b1"}
    first, second = [await service.http.post(BATCH, json={"decisions": rows}, headers=headers) for _ in range(2)]
    assert (first.json(), second.headers["idempotent-replayed"]) == (second.json(), "true")
    assert len(await service.published(CaseAttemptedV1)) == 2
    other = await service.http.post(BATCH, json={"decisions": rows[:1]}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_overlapping_batches_in_opposite_orders_decide_each_case_once(service: ServiceUnderTest, make_lead: Any):
    """Rows are locked in one order: no deadlock, no case decided twice."""
    leads = [f"lead_{number:04}" for number in range(1, 41)]
    for number in range(1, 41):
        await service.deliver(make_lead(number))

    async def batch(order: list[str], status: str) -> list[str]:
        body = {"decisions": [{"lead_id": lead_id, "status": status} for lead_id in order]}
        answer = await service.http.post(BATCH, json=body, headers=service.headers("call_centre"))
        assert answer.status_code == 200, answer.text
        return [r["id"] for r in answer.json()["results"] if r["status"] == "ok"]

    jobs = [batch(leads if n % 2 else leads[::-1], "confirmed" if n % 2 else "rejected") for n in range(8)]
    won = [lead_id for result in await asyncio.gather(*jobs) for lead_id in result]
    assert sorted(won) == leads
    assert len(await service.published(CaseConfirmedV1, CaseRejectedV1)) == 40


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": "exhausted"},
        {"status": "confirmed", "note": ""},
        {"status": "confirmed", "note": "x" * 4001},
        {"status": "confirmed", "decided_by": "usr_other"},
        {"status": "confirmed", "version": 0},
    ],
)
async def test_odd_decisions_are_refused_and_change_nothing(service: ServiceUnderTest, make_lead: Any, body: Any):
    await service.deliver(make_lead())
    headers = service.headers("call_centre")
    answer = await service.http.post("/v1/validation/cases/lead_0001/decision", json=body, headers=headers)
    assert answer.status_code == 422
    assert len(await service.published()) == 1
