"""V4.8, V4.10: leads on their way back to their partner."""

import random
from typing import Any

import pytest
from contracts.events.intake import (
    ReturnAcceptedV1,
    ReturnContent,
    ReturnDeclinedV1,
    ReturnDisputedV1,
    ReturnLapsedV1,
    ReturnRequestedV1,
)
from contracts.events.validation import CaseReopenedV1
from servicekit.testing import ServiceUnderTest

STORY: list[type[ReturnContent]] = [ReturnRequestedV1, ReturnDeclinedV1, ReturnDisputedV1, ReturnAcceptedV1]


@pytest.fixture
def hear(service: ServiceUnderTest, make_lead: Any) -> Any:
    """What intake says about a return of lead_0001."""

    async def deliver(kind: type[ReturnContent], version: int, return_id: str = "ret_1", **more: Any) -> None:
        lead = make_lead(1)
        event = kind(
            return_id=return_id,
            lead=lead.lead,
            reason="wrong-number",
            requested_at=lead.received_at,
            answer_by=lead.received_at,
            **more,
        )
        await service.deliver(event, version)

    return deliver


@pytest.fixture
def reopen(service: ServiceUnderTest) -> Any:
    async def post() -> Any:
        path = "/v1/validation/cases/lead_0001/reopen"
        return await service.http.post(path, json={"reason": "typo"}, headers=service.headers())

    return post


@pytest.mark.parametrize(("told", "stands"), [(1, True), (2, False), (3, True), (4, True)])
async def test_v4_8_a_rejected_case_is_reopened_only_while_no_return_stands(  # noqa: PLR0917 -- a matrix
    service: ServiceUnderTest, make_lead: Any, decide: Any, hear: Any, reopen: Any, told: int, stands: bool
):
    await service.deliver(make_lead())
    await decide("lead_0001", "rejected")
    for version, kind in enumerate(STORY[:told], 1):
        await hear(kind, version)
    answer = await reopen()
    assert answer.status_code == (409 if stands else 200)
    if stands:
        assert answer.json()["code"] == "lead-returned"
    assert len(await service.published(CaseReopenedV1)) == (0 if stands else 1)


async def test_v4_8_a_return_that_lapsed_stands(
    service: ServiceUnderTest, make_lead: Any, decide: Any, hear: Any, reopen: Any
):
    """Accepted by silence, or with somebody who decides now."""
    await service.deliver(make_lead())
    await decide("lead_0001", "rejected")
    await hear(ReturnRequestedV1, 1)
    await hear(ReturnLapsedV1, 2, outcome="escalated")
    assert (await reopen()).status_code == 409


@pytest.mark.parametrize("seed", range(3))
async def test_v4_8_the_last_word_of_a_return_counts_in_any_order(  # noqa: PLR0917 -- fixtures
    service: ServiceUnderTest, make_lead: Any, decide: Any, hear: Any, reopen: Any, seed: int
):
    """Also when all of it comes before the case is opened; another return of the lead speaks for itself."""
    story = [(ReturnRequestedV1, 1), (ReturnDeclinedV1, 2), (ReturnDisputedV1, 3), (ReturnDeclinedV1, 4)] * 2
    random.Random(seed).shuffle(story)
    for kind, version in story:
        await hear(kind, version)
    await service.deliver(make_lead())
    await decide("lead_0001", "rejected")
    await hear(ReturnRequestedV1, 1, return_id="ret_2")
    assert (await reopen()).status_code == 409
    await hear(ReturnDeclinedV1, 2, return_id="ret_2")
    assert (await reopen()).status_code == 200


async def test_nobody_decides_on_a_lead_that_goes_back(
    service: ServiceUnderTest, make_lead: Any, decide: Any, hear: Any
):
    """Work on it stops at once, and goes on when the return was declined."""
    await service.deliver(make_lead())
    await hear(ReturnRequestedV1, 1)
    refused = await decide("lead_0001", "confirmed")
    assert (refused.status_code, refused.json()["code"]) == (409, "lead-returned")
    [case] = (await service.http.get("/v1/validation/cases", headers=service.headers("call_centre"))).json()["data"]
    assert case["returning"] is True
    await hear(ReturnDeclinedV1, 2)
    assert (await decide("lead_0001", "confirmed")).status_code == 200
