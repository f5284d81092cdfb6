"""V4.1, V4.5, V4.11: many people and workers at once."""

import asyncio
from collections import Counter
from typing import Any

from contracts.events.validation import CaseConfirmedV1, CaseRejectedV1, CaseReleasedV1
from servicekit.testing import ServiceUnderTest
from validation_svc.releases.release_cases import release_due


def lead_of(answer: Any) -> str:
    return answer.json()["case"]["lead_id"]


async def test_v4_11_32_validators_at_once_get_32_different_cases(service: ServiceUnderTest, fill: Any, ask: Any):
    await fill(40)
    answers = await asyncio.gather(*(ask(f"usr_{n}") for n in range(32)))
    assert {answer.status_code for answer in answers} == {200}
    assert {lead_of(answer) for answer in answers} == {f"lead_{n:05}" for n in range(1, 33)}
    assert len({answer.json()["lease"]["token"] for answer in answers}) == 32


async def test_v4_11_more_validators_than_cases_share_nothing(service: ServiceUnderTest, fill: Any, ask: Any):
    await fill(5)
    answers = await asyncio.gather(*(ask(f"usr_{n}") for n in range(32)))
    assert Counter(answer.status_code for answer in answers) == {200: 5, 204: 27}
    assert len({lead_of(answer) for answer in answers if answer.status_code == 200}) == 5


async def test_v4_11_the_same_validator_in_many_tabs_has_one_case(service: ServiceUnderTest, fill: Any, ask: Any):
    """Asking again gives the same case and token, with more time."""
    await fill(5)
    answers = await asyncio.gather(*(ask() for _ in range(8)))
    assert {lead_of(answer) for answer in answers} == {"lead_00001"}
    assert len({answer.json()["lease"]["token"] for answer in answers}) == 1
    first = max(answer.json()["lease"]["expires_at"] for answer in answers)
    assert (await ask()).json()["lease"]["expires_at"] > first


async def test_v4_5_a_lease_keeps_nobody_from_deciding_first(
    service: ServiceUnderTest, fill: Any, ask: Any, decide: Any
):
    await fill(1)
    token = (await ask("usr_v")).json()["lease"]["token"]
    other = service.headers("call_centre", user_id="usr_other")
    assert (await decide("lead_00001", "rejected", headers=other)).status_code == 200
    second = await decide("lead_00001", "confirmed", lease_token=token)
    assert (second.status_code, second.json()["decision"]["decided_by"]) == (409, "usr_other")
    assert len(await service.published(CaseConfirmedV1, CaseRejectedV1)) == 1
    assert (await ask("usr_v")).status_code == 204


async def test_v4_1_release_and_decisions_at_once_say_one_thing_of_each_lead(
    service: ServiceUnderTest, states: Any, fill: Any, tell_project: Any
):
    """Several workers release while validators confirm: each case ends once, and its event says how."""
    await fill(600)
    await tell_project(1, on=False, held_leads="release")

    async def confirm(numbers: range) -> None:
        rows = [{"lead_id": f"lead_{n:05}", "status": "confirmed"} for n in numbers]
        answer = await service.http.post(
            "/v1/validation/decisions/batch", json={"decisions": rows}, headers=service.headers()
        )
        assert answer.status_code == 200

    await asyncio.gather(
        *(release_due(service.db) for _ in range(3)), *(confirm(range(n, n + 60)) for n in range(1, 600, 60))
    )
    told = {e.subject: type(e) for e in await service.published(CaseReleasedV1, CaseConfirmedV1)}
    assert len(await service.published(CaseReleasedV1, CaseConfirmedV1)) == len(told) == 600
    expected = {"released": CaseReleasedV1, "confirmed": CaseConfirmedV1}
    assert told == {lead_id: expected[state] for lead_id, state in (await states()).items()}
