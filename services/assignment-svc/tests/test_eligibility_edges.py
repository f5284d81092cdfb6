"""E1 to E12 where one side of a rule meets the other: what a rule must not do, as well as what it must."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from assignment_svc.queue.claims.claim_leads import ClaimDesk, ClaimRequest, NothingEligible
from assignment_svc.queue.claims.store import Limits
from assignment_svc.testing import AGENT, CallCentre, lead_event, lead_ref
from assignment_svc.timers import store as timers
from contracts.events.intake import LeadUpdatedV1, SuppressionAddedV1
from contracts.events.sponsor import ContactListChangedV1, QueueRules
from contracts.events.values import Person

OTHER = "usr_other"
PHONE = "+358401234567"


async def _two_agents(centre: CallCentre) -> None:
    await centre.agent(OTHER)
    await centre.tick(AGENT, OTHER)


async def _why(centre: CallCentre, lead_id: str = "lead_1", agent_id: str = AGENT) -> list[str]:
    told = await centre.read(f"work-items/{lead_id}/eligibility?agent_id={agent_id}")
    return [one["code"] for one in told["failing"]]


async def _execute(centre: CallCentre, statement: str, *values: Any) -> None:
    await centre.service.db.pool.execute(statement, *values)


async def test_e1_a_row_of_the_queue_that_outlived_its_lead_gives_nothing(centre: CallCentre):
    await centre.lead()
    await _execute(centre, "UPDATE work_items SET state = 'pending'")
    assert await _why(centre) == ["E1"]
    assert (await centre.claim()).status_code == 204


async def test_e1_a_callback_comes_before_the_queue_for_its_agent_only_and_when_it_is_due(centre: CallCentre):
    await _two_agents(centre)
    await centre.lead()
    lead_id, token = await centre.claimed()
    at = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    assert (await centre.step(lead_id, "callback", token, at=at, private=True)).status_code == 201
    (failing, _) = (await centre.read(f"work-items/lead_1/eligibility?agent_id={AGENT}"))["failing"]
    assert (failing["code"], datetime.fromisoformat(failing["until"])) == ("E1", datetime.fromisoformat(at))
    await centre.pass_time(minutes=121)
    assert await _why(centre) == []
    assert await _why(centre, agent_id=OTHER) == ["E1"]


async def test_e2_a_lock_that_has_ended_blocks_nobody(centre: CallCentre):
    await _two_agents(centre)
    await centre.lead("lead_1", person=Person(phone=PHONE))
    await centre.claimed()
    await centre.lead("lead_2", person=Person(phone=PHONE))
    assert await _why(centre, "lead_2", OTHER) == ["E2"]
    assert (await centre.claim(OTHER)).status_code == 204
    await _execute(centre, "UPDATE locks SET expires_at = now()")
    assert await _why(centre, "lead_2", OTHER) == []
    assert (await centre.claimed(OTHER))[0] == "lead_2"


async def test_e2_of_two_leads_with_one_number_one_is_given_in_one_statement(centre: CallCentre):
    await _two_agents(centre)
    for lead_id in ("lead_1", "lead_2"):
        await centre.lead(lead_id, person=Person(phone=PHONE))
    desk = ClaimDesk(Limits(50, timedelta(minutes=10)), "/leadwire/assignment-svc")
    async with centre.service.db.unit_of_work() as work:
        outcomes = await desk.claim(work, [ClaimRequest(AGENT), ClaimRequest(OTHER)])
    assert [isinstance(outcome, NothingEligible) for outcome in outcomes.values()].count(True) == 1


async def test_e2_a_lead_that_gets_a_number_which_somebody_is_calling_is_not_called(centre: CallCentre):
    await _two_agents(centre)
    await centre.lead("lead_1")
    _, token = await centre.claimed()
    await centre.lead("lead_2", person=Person(phone=PHONE))
    await centre.claimed(OTHER)
    update = lead_event("lead_1", person=Person(phone=PHONE))
    fields = {name: getattr(update, name) for name in update.__struct_fields__}
    await centre.service.deliver(LeadUpdatedV1(**fields), 2)
    if (await centre.item())["person"]["phone"] != PHONE:
        pytest.fail("an update changes the number of a claimed lead")
    refused = await centre.step("lead_1", "attempts", token, outcome="busy")
    assert (refused.status_code, [one["code"] for one in refused.json()["failing"]]) == (409, ["E2"])


async def test_e3_a_reminder_of_an_earlier_cool_down_ends_no_later_one(centre: CallCentre):
    await centre.project(queue=QueueRules(cool_down_minutes=30))
    await centre.lead()
    lead_id, token = await centre.claimed()
    await centre.step(lead_id, "release", token)
    async with centre.service.db.unit_of_work() as work:
        await timers.remind(work, "cooled", [lead_id], timedelta(0))
    await centre.fire()
    assert await centre.service.db.pool.fetchval("SELECT count(*) FROM queue WHERE ready_at IS NULL") == 0
    assert await _why(centre) == ["E3"]


@pytest.mark.parametrize(
    ("identity", "scope", "scope_id", "applies"),
    [
        (f"phone:{PHONE}", "global", None, True),
        ("email:aino@example.fi", "global", None, True),
        ("domain:example.fi", "global", None, True),
        ("domain:example.com", "global", None, False),
        (f"phone:{PHONE}", "sponsor", "spo_1", True),
        (f"phone:{PHONE}", "sponsor", "spo_2", False),
        (f"phone:{PHONE}", "project", "prj_1", True),
        (f"phone:{PHONE}", "project", "prj_2", False),
    ],
)
async def test_e5_a_suppression_applies_to_its_person_and_in_its_scope(
    centre: CallCentre, identity: str, scope: str, scope_id: str | None, applies: bool
):
    await centre.lead(lead=lead_ref("lead_1", sponsor_id="spo_1"), person=Person(phone=PHONE, email="aino@example.fi"))
    # As if it had come between storing the lead and now: no sweep has seen it.
    await _execute(centre, "INSERT INTO suppressions VALUES ('sup_x', 1, $1, $2, $3, false)", identity, scope, scope_id)
    assert await _why(centre) == (["E5"] if applies else [])
    await _execute(centre, "UPDATE suppressions SET removed = true")
    assert await _why(centre) == []
    assert (await centre.claim()).status_code == 200


async def test_e5_a_removed_entry_suppresses_nothing(centre: CallCentre):
    await centre.lead(person=Person(phone=PHONE))
    event = SuppressionAddedV1(suppression_id="sup_1", kind="phone", value="+358409999999", scope="global")
    await centre.service.deliver(event, 1)
    assert await _why(centre) == []


@pytest.mark.parametrize(("day", "codes"), [(-2, ["E8"]), (9, [])])
async def test_e8_a_list_that_has_expired_stops_claims_before_its_timer_fires(
    centre: CallCentre, day: int, codes: list[str]
):
    await centre.lead(lead=lead_ref("lead_1", contact_list_id="lst_1"))
    ends = datetime.now(UTC).date() + timedelta(days=day)
    event = ContactListChangedV1(contact_list_id="lst_1", name="L", expires_on=ends, time_zone="UTC")
    await centre.service.deliver(event, 1)
    await _execute(centre, "DELETE FROM timers")
    assert await _why(centre) == codes
    assert (await centre.claim()).status_code == (204 if codes else 200)


@pytest.mark.parametrize("statement", ["UPDATE work_items SET validated = false", "UPDATE agents SET active = false"])
async def test_e7_e9_are_asked_again_when_a_call_starts(centre: CallCentre, statement: str):
    await centre.lead()
    _, token = await centre.claimed()
    await _execute(centre, statement)
    refused = await centre.step("lead_1", "attempts", token, outcome="busy")
    assert (refused.status_code, refused.json()["code"]) == (409, "not-eligible")
    assert [one["code"] for one in refused.json()["failing"]] == ["E7" if "validated" in statement else "E9"]


async def test_e8_an_archived_sponsor_stops_calls_too(centre: CallCentre):
    await centre.project(sponsor_id="spo_1")
    await centre.lead()
    _, token = await centre.claimed()
    await _execute(centre, "INSERT INTO sponsors VALUES ('spo_1', 1, false)")
    refused = await centre.step("lead_1", "attempts", token, outcome="busy")
    assert [one["code"] for one in refused.json()["failing"]] == ["E8"]


async def test_e9_the_projection_of_a_permission_counts_whatever_the_token_says(centre: CallCentre):
    await centre.lead()
    await _execute(centre, "UPDATE agents SET permissions = '{}'")
    assert await _why(centre) == ["E9"]
    assert (await centre.claim()).status_code == 204


async def test_e9_the_cap_is_reached_not_passed(centre: CallCentre):
    await centre.lead()
    await _execute(centre, "UPDATE agents SET open_claims = 49")
    assert await _why(centre) == []
    assert (await centre.claim()).status_code == 200
    await centre.lead("lead_2")
    assert await _why(centre, "lead_2") == ["E9"]
    assert (await centre.claim()).status_code == 204


async def test_e9_who_was_unticked_a_moment_ago_gets_nothing_though_a_process_remembers_the_tick(centre: CallCentre):
    await centre.lead()
    assert (await centre.claimed())[0] == "lead_1"
    await centre.lead("lead_2")
    await _execute(centre, "DELETE FROM campaign_agents")
    assert (await centre.claim()).status_code == 204


async def test_e10_as_many_attempts_as_the_maximum_are_made_and_no_more(centre: CallCentre):
    await centre.project(queue=QueueRules(max_attempts=2, cool_down_minutes=0))
    await centre.lead()
    for used in (1, 2):
        assert await _why(centre) == []
        lead_id, token = await centre.claimed()
        await centre.step(lead_id, "release", token)
        await centre.fire()
        item = await centre.item()
        assert (item["attempts"], item["state"]) == (used, "queued" if used == 1 else "expired")
    assert "E10" in await _why(centre)


async def test_e11_a_declined_return_blocks_nothing(centre: CallCentre):
    await centre.lead()
    await _execute(centre, "INSERT INTO lead_facts VALUES ('lead_1', 'return', 'ret_1', 2, 'closed')")
    assert await _why(centre) == []
    assert (await centre.claim()).status_code == 200


async def test_e12_an_old_lead_expires_by_itself(centre: CallCentre):
    await centre.project(queue=QueueRules(max_age_hours=2))
    await centre.lead()
    await centre.pass_time(hours=1)
    assert await _why(centre) == []
    await centre.pass_time(hours=2)
    assert await centre.state_of() == "expired"
    assert "E12" in await _why(centre)
