"""Whole suppression lists, as lead-intake-svc tells of them in portions."""

from datetime import UTC, datetime, timedelta
from typing import Any

from assignment_svc.testing import CallCentre
from contracts.events.assignment import LeadSuppressedV1
from contracts.events.intake import (
    SuppressionEntry,
    SuppressionListChangedV1,
    SuppressionsAddedV1,
    SuppressionsRemovedV1,
)
from contracts.events.sponsor import IntakeRules

STALE = datetime.now(UTC) - timedelta(minutes=1)
FRESH = datetime.now(UTC) + timedelta(days=31)
OUT_OF_DATE = "A national suppression list that applies to the project is out of date."


async def test_i2_18_a_portion_of_a_list_takes_its_leads_out_at_once_in_any_order(centre: CallCentre):
    event = await centre.lead()
    entries = [
        SuppressionEntry(
            suppression_id=f"sup_{n}", kind="phone", value=f"+3584012399{n:02}", scope="global", scope_id=None
        )
        for n in range(50)
    ]
    hit = SuppressionEntry(
        suppression_id="sup_hit", kind="phone", value=event.person.phone or "", scope="global", scope_id=None
    )
    removed = SuppressionsRemovedV1(list_id="sul_1", entries=entries[:1])
    await centre.service.deliver(removed, sequence=2)
    await centre.service.deliver(SuppressionsAddedV1(list_id="sul_1", entries=[*entries, hit]), sequence=1)
    assert (await centre.item())["state"] == "suppressed"
    (told,) = await centre.service.published(LeadSuppressedV1)
    assert isinstance(told, LeadSuppressedV1)
    assert told.suppression_id == "sup_hit"
    rows = await centre.service.db.pool.fetch("SELECT suppression_id FROM suppressions WHERE removed")
    assert [row["suppression_id"] for row in rows] == ["sup_0"]


async def _national(centre: CallCentre, version: int, until: datetime | None, scope: str = "global", **fields: Any):
    event = SuppressionListChangedV1(list_id=f"sul_{scope}", scope=scope, fresh_until=until, **fields)
    await centre.service.deliver(event, version)


async def _blocking(centre: CallCentre, **fields: Any) -> None:
    await centre.project(intake=IntakeRules(stale_suppressions="block"), **fields)


async def test_e5_a_national_list_that_is_out_of_date_stops_claims_and_calls_and_why_not_says_so(centre: CallCentre):
    await _blocking(centre)
    await _national(centre, 1, FRESH)
    await centre.lead("lead_1")
    await centre.lead("lead_2")
    lead_id, token = await centre.claimed()
    await _national(centre, 2, STALE)
    refused = await centre.step(lead_id, "attempts", token, outcome="no_answer")
    assert (refused.status_code, refused.json()["code"]) == (409, "not-eligible")
    assert refused.json()["failing"] == [{"code": "E5", "detail": OUT_OF_DATE}]
    assert (await centre.claim()).status_code == 204
    waiting = "lead_1" if lead_id == "lead_2" else "lead_2"
    why = await centre.read(f"work-items/{waiting}/eligibility?agent_id=usr_agent")
    assert [(one["code"], one["detail"]) for one in why["failing"]] == [("E5", OUT_OF_DATE)]
    await _national(centre, 1, FRESH)
    assert (await centre.claim()).status_code == 204, "what is older and comes later changes nothing"
    await _national(centre, 3, FRESH)
    assert (await centre.step(lead_id, "attempts", token, outcome="no_answer")).status_code == 201
    assert (await centre.claimed())[0] == waiting


async def test_e5_a_list_becomes_out_of_date_by_itself(centre: CallCentre):
    await _blocking(centre)
    await _national(centre, 1, datetime.now(UTC) + timedelta(days=1))
    await centre.lead()
    await centre.pass_time(days=1, minutes=1)
    assert (await centre.claim()).status_code == 204


async def test_i2_18_a_list_blocks_only_projects_that_want_it_and_only_where_it_applies(centre: CallCentre):
    await centre.lead()
    await _national(centre, 1, STALE, "project", scope_id="prj_other")
    await _national(centre, 1, STALE, "sponsor", scope_id="spo_1")
    await _blocking(centre)
    assert (await centre.read("work-items/lead_1/eligibility?agent_id=usr_agent"))["eligible"]
    await _blocking(centre, sponsor_id="spo_1")
    assert not (await centre.read("work-items/lead_1/eligibility?agent_id=usr_agent"))["eligible"]
    await _blocking(centre, sponsor_id="spo_1", checks={"suppression": "off"})
    assert (await centre.read("work-items/lead_1/eligibility?agent_id=usr_agent"))["eligible"]
    await centre.project(sponsor_id="spo_1")
    assert (await centre.claim()).status_code == 200, "by default it warns"


async def test_e5_a_rule_hands_nothing_out_while_a_list_is_out_of_date(centre: CallCentre):
    await _blocking(centre)
    await _national(centre, 1, STALE)
    await centre.rules(mode="round_robin")
    await centre.lead()
    await centre.fire()
    assert await centre.state_of() == "queued"
    await _national(centre, 2, None)
    await centre.pass_time(seconds=3)
    assert await centre.state_of() == "claimed"
