"""V4.1: held leads that come after validation was turned off."""

from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.events.validation import CaseOpenedV1, CaseReleasedV1
from servicekit.testing import ServiceUnderTest
from validation_svc.releases.release_cases import LATE, release_due


def _later() -> datetime:
    return datetime.now(UTC) + LATE + timedelta(seconds=1)


async def test_v4_1_a_held_lead_that_comes_after_the_switch_is_released_too(
    service: ServiceUnderTest, make_lead: Any, tell_project: Any
):
    """Not before the news that validation is on again would have come."""
    await tell_project(1, on=False, held_leads="release")
    await release_due(service.db)
    await service.deliver(make_lead())
    assert await release_due(service.db) == 0
    assert await release_due(service.db, _later()) == 1
    assert [type(event) for event in await service.published()] == [CaseOpenedV1, CaseReleasedV1]


async def test_v4_1_validation_turned_on_again_keeps_what_is_still_open(
    service: ServiceUnderTest, states: Any, make_lead: Any, tell_project: Any
):
    """The lead overtook the news: it was held because validation is on again. Old news changes nothing."""
    await tell_project(2, on=False, held_leads="release")
    await service.deliver(make_lead())
    await tell_project(3)
    await tell_project(2, on=False, held_leads="release")
    assert await release_due(service.db, _later()) == 0
    assert await states() == {"lead_0001": "unconfirmed"}


async def test_v4_1_with_keep_a_late_held_lead_waits_for_its_validator(
    service: ServiceUnderTest, states: Any, make_lead: Any, tell_project: Any
):
    await tell_project(1, on=False, held_leads="keep")
    await service.deliver(make_lead())
    assert await release_due(service.db, _later()) == 0
    assert await states() == {"lead_0001": "unconfirmed"}
