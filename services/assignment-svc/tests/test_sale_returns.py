"""A sold lead that the buyer sends back is worked again (I2.24)."""

from datetime import UTC, datetime
from itertools import permutations

import pytest
from assignment_svc.testing import CallCentre, lead_event, lead_ref
from contracts.events.assignment import LeadRestoredV1
from contracts.events.intake import LeadSoldV1, ReturnRequestedV1, SaleReturnAcceptedV1

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def sold(sale_id: str = "sal_1") -> LeadSoldV1:
    event = lead_event("lead_1")
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    return LeadSoldV1(**fields, buyer_id="ptr_2", sale_id=sale_id, sold_at=NOW)


def sent_back(sale_id: str = "sal_1") -> SaleReturnAcceptedV1:
    return SaleReturnAcceptedV1(
        lead=lead_ref("lead_1"), return_id="ret_s", sale_id=sale_id, buyer_id="ptr_2", reason="x", requested_at=NOW,
        answer_by=NOW,
    )  # fmt: skip


async def test_i2_24_a_lead_that_comes_back_from_its_buyer_waits_for_the_next_agent(centre: CallCentre):
    """Also one that an agent was working on when it was sold: that agent has other work by now."""
    await centre.lead()
    await centre.claimed()
    await centre.service.deliver(sold(), 2)
    assert (await centre.claim()).status_code == 204
    await centre.service.deliver(sent_back(), 3)
    assert await centre.state_of() == "queued"
    (told,) = await centre.service.published(LeadRestoredV1)
    assert isinstance(told, LeadRestoredV1)
    assert (told.state, told.cause_id, told.agent_id) == ("queued", "sal_1", None)
    assert (await centre.claimed())[0] == "lead_1"


async def test_i2_24_what_was_closed_or_held_is_so_again_and_not_in_the_queue(centre: CallCentre):
    await centre.lead(hold=True)
    await centre.service.deliver(sold(), 2)
    await centre.verdict("lead_1", confirmed=True)
    assert await centre.state_of() == "sold"
    await centre.service.deliver(sent_back(), 3)
    assert await centre.state_of() == "queued"
    sales = await centre.disposition()
    _, token = await centre.claimed()
    await centre.step("lead_1", "resolve", token, disposition_id=sales)
    await centre.service.deliver(sold("sal_2"), 4)
    await centre.service.deliver(sent_back("sal_2"), 5)
    assert await centre.state_of() == "resolved"


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_i2_24_whatever_comes_first_a_lead_that_was_sold_twice_is_sold_until_both_are_over(
    centre: CallCentre, order: tuple[int, ...]
):
    events = (sold("sal_1"), sent_back("sal_1"), sold("sal_2"))
    await centre.lead()
    for place in order:
        await centre.service.deliver(events[place], 2 + place)
    assert await centre.state_of() == "sold"
    await centre.service.deliver(sent_back("sal_2"), 9)
    assert await centre.state_of() == "queued"


async def test_i2_24_a_return_to_who_sold_it_to_us_begins_where_the_sale_ended(centre: CallCentre):
    await centre.lead()
    await centre.service.deliver(sold(), 2)
    await centre.returned(ReturnRequestedV1)
    assert await centre.state_of() == "sold"
    await centre.service.deliver(sent_back(), 3)
    assert await centre.state_of() == "return_hold"
