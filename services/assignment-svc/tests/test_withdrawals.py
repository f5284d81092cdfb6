"""What others take away: returns, sales, revoked consent. The order in which it is told does not matter."""

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest
from assignment_svc.testing import AGENT, CallCentre, lead_event, lead_ref
from contracts.events.assignment import LeadRestoredV1, LeadWithdrawnV1
from contracts.events.intake import (
    ConsentRevokedV1,
    LeadSoldV1,
    ReturnAcceptedV1,
    ReturnDeclinedV1,
    ReturnDisputedV1,
    ReturnRequestedV1,
)
from contracts.events.validation import CaseReleasedV1


async def _row(centre: CallCentre) -> dict[str, Any]:
    row = await centre.service.db.pool.fetchrow(
        "SELECT state, location, agent_id, attempts, calls, next_attempt_at, claimed_at, reason, disposition_id,"
        " expires_at, priority, validated FROM work_items WHERE lead_id = 'lead_1'"
    )
    return dict(row)


async def test_i2_13_a_requested_return_stops_work_breaks_the_lock_and_tells_the_holder(centre: CallCentre):
    await centre.lead()
    _, token = await centre.claimed()
    await centre.returned(ReturnRequestedV1)
    assert (await centre.step("lead_1", "attempts", token, outcome="busy")).status_code in {404, 409, 423}
    assert await centre.state_of() == "return_hold"
    assert await centre.service.db.pool.fetchval("SELECT count(*) FROM locks") == 0
    (told,) = await centre.service.published(LeadWithdrawnV1)
    assert isinstance(told, LeadWithdrawnV1)
    assert (told.agent_id, told.reason, told.cause_id) == (AGENT, "return-requested", "ret_lead_1")
    assert (await centre.claim()).status_code == 204


async def _claim(centre: CallCentre) -> None:
    await centre.claimed()


async def _put_back(centre: CallCentre) -> None:
    _, token = await centre.claimed()
    await centre.step("lead_1", "attempts", token, outcome="busy")
    await centre.step("lead_1", "release", token)


async def _pend(centre: CallCentre) -> None:
    await centre.supervise("work-items/lead_1/pend")


async def _resolve(centre: CallCentre) -> None:
    sales = await centre.disposition()
    _, token = await centre.claimed()
    await centre.step("lead_1", "resolve", token, disposition_id=sales)


async def _call_back(centre: CallCentre) -> None:
    _, token = await centre.claimed()
    answer = await centre.step("lead_1", "callback", token, at=_soon(), private=True)
    assert answer.status_code == 201, answer.text


def _soon() -> str:
    return datetime.now(UTC).replace(microsecond=0).isoformat()


async def _nothing(_: CallCentre) -> None:
    pass


@pytest.mark.parametrize("before", [_nothing, _claim, _put_back, _pend, _resolve, _call_back])
async def test_i2_13_a_declined_return_brings_the_lead_back_exactly_to_where_it_was(centre: CallCentre, before: Any):
    await centre.lead(priority="high")
    await before(centre)
    was = await _row(centre)
    counted = await centre.service.db.pool.fetchval("SELECT open_claims FROM agents WHERE agent_id = $1", AGENT)
    await centre.returned(ReturnRequestedV1, version=1)
    assert await centre.state_of() == "return_hold"
    await centre.returned(ReturnDeclinedV1, version=2)
    assert await _row(centre) == was
    assert await centre.service.db.pool.fetchval("SELECT open_claims FROM agents WHERE agent_id = $1", AGENT) == counted
    (told,) = await centre.service.published(LeadRestoredV1)
    assert isinstance(told, LeadRestoredV1)
    assert (told.state, told.agent_id) == (was["state"], was["agent_id"])


async def test_i2_13_a_claim_of_somebody_who_left_meanwhile_goes_back(centre: CallCentre):
    await centre.lead()
    await centre.claimed()
    await centre.returned(ReturnRequestedV1)
    await centre.agent(active=False)
    await centre.returned(ReturnDeclinedV1, version=2)
    assert await centre.state_of() == "queued"
    assert (await centre.told())[-2:] == ["lead.restored 4", "lead.unassigned 5"]


async def test_i2_13_what_came_during_the_hold_happens_after_it(centre: CallCentre):
    await centre.lead("lead_1", hold=True)
    await centre.returned(ReturnRequestedV1)
    await centre.verdict("lead_1", confirmed=True)
    assert await centre.state_of() == "return_hold"
    await centre.returned(ReturnDeclinedV1, version=2)
    assert await centre.state_of() == "queued"
    await centre.returned(ReturnDisputedV1, version=3)
    assert await centre.state_of() == "return_hold"
    await centre.suppress("phone", (await centre.item())["person"]["phone"])
    await centre.returned(ReturnDeclinedV1, version=4)
    assert await centre.state_of() == "suppressed"


STORY = ((ReturnRequestedV1, 1), (ReturnDeclinedV1, 2), (ReturnDisputedV1, 3), (ReturnAcceptedV1, 4))


@pytest.mark.parametrize("until", [1, 2, 3, 4])
async def test_returns_are_commutative_and_may_be_told_twice(centre: CallCentre, until: int):
    """Every order of the first so many, each told twice, ends where the right order ends; also before the lead."""
    ends = ("return_hold", "queued", "return_hold", "returned")[until - 1]
    for number, story in enumerate(permutations(STORY[:until])):
        lead_id = f"lead_{number}"
        early = number % 3 == 0
        if not early:
            await centre.lead(lead_id)
        for how, version in (*story, story[0]):
            await centre.returned(how, lead_id, version)
        if early:
            await centre.lead(lead_id)
        assert await centre.state_of(lead_id) == ends, story


async def test_i2_13_an_accepted_return_is_final(centre: CallCentre):
    await centre.lead()
    await centre.returned(ReturnRequestedV1)
    await centre.returned(ReturnAcceptedV1, version=2)
    assert await centre.state_of() == "returned"
    refused = await centre.supervise("work-items/lead_1/reopen", reason="why not")
    assert refused.status_code == 409
    await centre.returned(ReturnDeclinedV1, version=3)
    assert await centre.state_of() == "returned"
    assert await centre.service.db.pool.fetchval("SELECT count(*) FROM withdrawals") == 0


async def test_i2_24_a_sold_lead_is_nobodys_here(centre: CallCentre):
    event = lead_event("lead_1")
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    sold = LeadSoldV1(**fields, buyer_id="ptr_2", sale_id="sal_1", sold_at=datetime.now(UTC))
    await centre.lead()
    await centre.claimed()
    await centre.service.deliver(sold, 2)
    assert await centre.state_of() == "sold"
    (told,) = await centre.service.published(LeadWithdrawnV1)
    assert isinstance(told, LeadWithdrawnV1)
    assert (told.reason, told.cause_id, told.agent_id) == ("sold", "sal_1", AGENT)


async def test_i2_25_revoked_consent_stops_work_at_once_and_before_the_lead(centre: CallCentre):
    await centre.lead("lead_1")
    await centre.claimed()
    for lead_id in ("lead_1", "lead_2"):
        await centre.service.deliver(ConsentRevokedV1(lead=lead_ref(lead_id), revoked_at=datetime.now(UTC)), 1)
    await centre.lead("lead_2")
    assert [await centre.state_of(f"lead_{n}") for n in (1, 2)] == ["suppressed", "suppressed"]
    assert await centre.service.db.pool.fetchval("SELECT count(*) FROM locks") == 0
    assert await centre.service.db.pool.fetchval("SELECT sum(open_claims) FROM agents") == 0


async def test_v4_1_a_released_case_is_as_good_as_a_confirmed_one(centre: CallCentre):
    await centre.lead(hold=True)
    await centre.service.deliver(CaseReleasedV1(lead=lead_ref("lead_1")), 2)
    assert (await centre.claimed())[0] == "lead_1"


async def test_a_fact_that_met_its_lead_being_stored_is_seen_by_the_second_look(centre: CallCentre):
    await centre.returned(ReturnRequestedV1)
    await centre.service.as_owner("CREATE TABLE aside AS SELECT * FROM lead_facts", "DELETE FROM lead_facts")
    await centre.lead()
    await centre.service.as_owner("INSERT INTO lead_facts SELECT * FROM aside")
    assert await centre.state_of() == "queued"
    await centre.pass_time(seconds=4)
    assert await centre.state_of() == "return_hold"
