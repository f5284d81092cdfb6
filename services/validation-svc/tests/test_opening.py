"""Cases are opened for held leads, and follow what intake knows."""

import random
from typing import Any

import pytest
from contracts.events.intake import LeadUpdatedV1
from contracts.events.sponsor import ProjectChangedV1, ProjectCreatedV1
from contracts.events.validation import CaseOpenedV1
from contracts.events.values import Person
from contracts.ids import new_uuid
from servicekit.testing import ServiceUnderTest


async def _cases(service: ServiceUnderTest, **query: Any) -> list[dict[str, Any]]:
    answer = await service.http.get("/v1/validation/cases", params=query, headers=service.headers())
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def test_v4_1_a_held_lead_opens_a_case_and_says_so(service: ServiceUnderTest, make_lead: Any):
    """V4.1, V4.2: initial status unconfirmed, with the telephone in the default view."""
    await service.deliver(make_lead())
    [case] = await _cases(service)
    assert (case["status"], case["contact_status"], case["attempts"], case["version"]) == (
        "unconfirmed",
        "unconfirmed",
        0,
        1,
    )
    assert case["person"]["phone"] == "+358400000001"
    [opened] = await service.published()
    assert isinstance(opened, CaseOpenedV1)
    assert opened.lead == make_lead().lead


async def test_leads_that_are_not_held_or_only_tests_open_no_case(service: ServiceUnderTest, make_lead: Any):
    await service.deliver(make_lead(1, hold=False))
    await service.deliver(make_lead(2, test=True))
    await service.deliver(make_lead(1, kind=LeadUpdatedV1, hold=False), 2)
    assert await _cases(service) == []
    assert await service.published() == []


async def test_a_repeated_message_changes_nothing(service: ServiceUnderTest, make_lead: Any):
    message_id = new_uuid()
    for _ in range(3):
        await service.deliver(make_lead(), message_id=message_id)
    await service.deliver(make_lead())
    assert len(await _cases(service)) == 1
    assert len(await service.published()) == 1


@pytest.mark.parametrize("seed", range(4))
async def test_the_last_version_wins_in_any_order(service: ServiceUnderTest, make_lead: Any, seed: int):
    """Accepted and three updates, each twice, shuffled: one case, with the newest content."""
    versions = [(1, make_lead())]
    versions += [
        (n, make_lead(kind=LeadUpdatedV1, person=Person(first_name=f"Name{n}", phone="+358401"))) for n in (2, 3, 4)
    ]
    deliveries = versions * 2
    random.Random(seed).shuffle(deliveries)
    for sequence, event in deliveries:
        await service.deliver(event, sequence)
    [case] = await _cases(service)
    assert case["person"]["first_name"] == "Name4"
    assert case["version"] == 1
    assert len(await service.published(CaseOpenedV1)) == 1


async def test_an_update_does_not_touch_the_verdict(service: ServiceUnderTest, make_lead: Any, decide: Any):
    await service.deliver(make_lead())
    assert (await decide("lead_0001", "confirmed")).status_code == 200
    await service.deliver(make_lead(kind=LeadUpdatedV1, comments="new words"), 2)
    [case] = await _cases(service)
    assert (case["status"], case["comments"], case["version"]) == ("confirmed", "new words", 2)


async def test_projects_are_named_and_their_last_version_wins(service: ServiceUnderTest, make_lead: Any):
    def project(kind: Any, name: str) -> Any:
        return kind(project_id="prj_1", name=name, kind="outbound", state="active", call_centre_validation=True)

    await service.deliver(make_lead())
    assert (await _cases(service))[0]["project_name"] is None
    await service.deliver(project(ProjectChangedV1, "Heat pumps"), 2)
    await service.deliver(project(ProjectCreatedV1, "Draft"), 1)
    assert (await _cases(service))[0]["project_name"] == "Heat pumps"
