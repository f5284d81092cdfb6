"""E1 to E12: what a claim refuses, `eligibility` names, and a call asks again."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from assignment_svc.testing import AGENT, CallCentre, lead_ref
from contracts.events.sponsor import (
    ContactListExpiredV1,
    ContactListReopenedV1,
    ProjectChangedV1,
    QueueRules,
    SponsorArchivedV1,
    SponsorChangedV1,
)
from contracts.events.values import CallingHours, Consent, Person

Break = Callable[[CallCentre], Awaitable[Any]]


def hours_from_now(hours: int, zone_hours: int = 0) -> CallingHours:
    """A window of one hour that begins so many hours from now, read in UTC plus `zone_hours`."""
    opens = datetime.now(UTC) + timedelta(hours=hours + zone_hours)
    return CallingHours(mode="custom", from_=f"{opens:%H}:00", until=f"{opens + timedelta(hours=1):%H}:00")


async def _why(centre: CallCentre, lead_id: str = "lead_1", agent_id: str = AGENT) -> dict[str, Any]:
    path = f"/v1/work-items/{lead_id}/eligibility?agent_id={agent_id}"
    answer = await centre.service.http.get(path, headers=centre.service.headers("supervisor"))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _codes(centre: CallCentre) -> list[str]:
    return [one["code"] for one in (await _why(centre))["failing"]]


async def _cool(centre: CallCentre) -> None:
    _, token = await centre.claimed()
    assert (await centre.step("lead_1", "release", token)).status_code == 200


async def _same_phone(centre: CallCentre) -> None:
    """Another lead with the number is being worked on."""
    item = await centre.item()
    await centre.lead("lead_0", priority="high", person=Person(phone=item["person"]["phone"]))
    await centre.agent("usr_other")
    await centre.tick(AGENT, "usr_other")
    assert (await centre.claimed("usr_other"))[0] == "lead_0"


async def _race_suppression(centre: CallCentre) -> None:
    """As if the suppression had come between storing the lead and now: the sweep did not see it."""
    phone = (await centre.item())["person"]["phone"]
    await centre.service.db.pool.execute(
        "INSERT INTO suppressions VALUES ('sup_x', 1, $1, 'global', NULL, false)", f"phone:{phone}"
    )


async def _shut(centre: CallCentre) -> None:
    await centre.project(calling_hours=hours_from_now(12))


async def _sponsor_gone(centre: CallCentre) -> None:
    await centre.project(sponsor_id="spo_1")
    await centre.service.deliver(SponsorChangedV1(sponsor_id="spo_1", name="S"), 1)
    await centre.service.deliver(SponsorArchivedV1(sponsor_id="spo_1", name="S", status="archived"), 2)


async def _full(centre: CallCentre) -> None:
    await centre.service.db.pool.execute("UPDATE agents SET open_claims = 50")


def _pend(centre: CallCentre) -> Awaitable[Any]:
    return centre.supervise("work-items/lead_1/pend")


def _demand_consent(centre: CallCentre) -> Awaitable[Any]:
    return centre.project(checks={"consent": "reject"})


def _passivate(centre: CallCentre) -> Awaitable[Any]:
    return centre.project(state="passive")


def _deactivate(centre: CallCentre) -> Awaitable[Any]:
    return centre.agent(active=False)


def _promote(centre: CallCentre) -> Awaitable[Any]:
    return centre.agent(level="supervisor")


def _untick(centre: CallCentre) -> Awaitable[Any]:
    return centre.tick("usr_somebody_else")


def _wear_out(centre: CallCentre) -> Awaitable[Any]:
    return centre.service.db.pool.execute("UPDATE work_items SET attempts = 3")


async def _return(centre: CallCentre) -> None:
    """As if the return had come a moment ago: the lead is not withdrawn yet."""
    await centre.service.db.pool.execute("INSERT INTO lead_facts VALUES ('lead_1', 'return', 'ret_1', 1, 'open')")


async def _revoke(centre: CallCentre) -> None:
    await centre.service.db.pool.execute("INSERT INTO lead_facts VALUES ('lead_1', 'revocation', 'lead_1', 1, 'final')")


def _by_rule(centre: CallCentre) -> Awaitable[Any]:
    return centre.rules(mode="round_robin")


def _age(centre: CallCentre) -> Awaitable[Any]:
    return centre.service.db.pool.execute("UPDATE projects SET max_age = '0 s'")


@pytest.mark.parametrize(
    ("code", "break_it"),
    [
        ("E1", _pend),
        ("E2", _same_phone),
        ("E3", _cool),
        ("E4", _shut),
        ("E5", _race_suppression),
        ("E6", _demand_consent),
        ("E8", _passivate),
        ("E8", _sponsor_gone),
        ("E9", _deactivate),
        ("E9", _promote),
        ("E9", _untick),
        ("E9", _full),
        ("E10", _wear_out),
        ("E12", _age),
        ("E11", _return),
        ("E6", _revoke),
        ("E9", _by_rule),
    ],
)
async def test_a3_12_a_claim_refuses_what_eligibility_names(centre: CallCentre, code: str, break_it: Break):
    await centre.lead()
    assert await _why(centre) == {"eligible": True, "failing": []}
    await break_it(centre)
    assert await _codes(centre) == [code]
    assert (await centre.claim()).status_code == 204


async def test_e7_a_held_lead_is_not_claimed(centre: CallCentre):
    await centre.lead(hold=True)
    assert await _codes(centre) == ["E1", "E7"]
    assert (await centre.claim()).status_code == 204


async def test_e4_a_number_of_an_unknown_zone_is_not_called_unless_always(centre: CallCentre):
    await centre.lead("lead_1", person=Person(email="a@example.fi"))
    assert (await centre.claim()).status_code == 200
    await centre.lead("lead_2", person=Person(email="b@example.fi"))
    await centre.project(calling_hours=CallingHours(mode="custom", from_="00:00", until="24:00"))
    assert (await centre.claim()).status_code == 204
    (failing,) = (await _why(centre, "lead_2"))["failing"]
    assert failing == {"code": "E4", "detail": "The time zone of the phone number is not known.", "until": None}


async def test_e4_next_eligible_at_tells_when_the_hours_begin(centre: CallCentre):
    await centre.lead()
    await centre.project(calling_hours=CallingHours(mode="custom", from_="12:00", until="12:01", days=[3]))
    answer = await centre.claim()
    assert answer.status_code == 204
    opens = datetime.fromisoformat(answer.headers["Next-Eligible-At"])
    local = opens.astimezone(ZoneInfo("Europe/Helsinki"))
    assert (local.isoweekday(), local.hour, local.minute) == (3, 12, 0)
    assert datetime.now(UTC) < opens < datetime.now(UTC) + timedelta(days=8)
    (failing,) = (await _why(centre))["failing"]
    assert failing["until"] == answer.headers["Next-Eligible-At"].replace(".000Z", "Z")


async def test_e3_next_eligible_at_tells_when_the_first_lead_has_cooled_down(centre: CallCentre):
    await centre.project(queue=QueueRules(cool_down_minutes=30))
    await centre.lead()
    await _cool(centre)
    answer = await centre.claim()
    cooled = datetime.fromisoformat(answer.headers["Next-Eligible-At"])
    assert timedelta(minutes=29) < cooled - datetime.now(UTC) < timedelta(minutes=31)
    await centre.service.db.pool.execute("UPDATE queue SET ready_at = now()")
    await centre.service.db.pool.execute("UPDATE work_items SET next_attempt_at = now()")
    assert (await centre.claimed())[0] == "lead_1", "who finds nothing looks whether something has cooled down"


async def test_nothing_is_known_of_an_empty_queue(centre: CallCentre):
    answer = await centre.claim()
    assert answer.status_code == 204
    assert "Next-Eligible-At" not in answer.headers


async def test_a3_2_a_campaign_without_ticks_is_nobodys(centre: CallCentre):
    await centre.project("prj_2")
    await centre.lead("lead_2", lead=lead_ref("lead_2", "prj_2"))
    assert (await centre.claim()).status_code == 204
    assert (await centre.claim(project_id="prj_2")).status_code == 204


async def test_e6_consent_is_asked_for_where_the_project_demands_it(centre: CallCentre):
    await centre.project(checks={"consent": "reject"})
    await centre.lead("lead_1")
    await centre.lead("lead_2", consent=Consent(given_at=datetime.now(UTC), text="Yes"))
    assert (await centre.claimed())[0] == "lead_2"
    assert (await centre.claim()).status_code == 204


async def test_s0_7_leads_leave_with_their_list_and_come_back(centre: CallCentre):
    ref = lead_ref("lead_1", contact_list_id="lst_1")
    await centre.lead(lead=ref)
    yesterday, soon = date.today() - timedelta(days=2), date.today() + timedelta(days=9)  # noqa: DTZ011
    expired = ContactListExpiredV1(contact_list_id="lst_1", name="L", expires_on=yesterday, time_zone="UTC")
    await centre.service.deliver(expired, 2)
    assert await _codes(centre) == ["E8"]
    assert (await centre.claim()).status_code == 204
    await centre.fire()
    assert (await centre.item())["state"] == "expired"
    reopened = ContactListReopenedV1(contact_list_id="lst_1", name="L", expires_on=soon, time_zone="UTC")
    await centre.service.deliver(reopened, 3)
    assert (await centre.claimed())[0] == "lead_1"
    assert await centre.told() == ["lead.queued 1", "lead.expired 2", "lead.queued 3", "lead.claimed 4"]


async def test_s0_8_a_passive_project_refuses_calls_and_goes_on_where_it_stopped(centre: CallCentre):
    await centre.lead()
    _, token = await centre.claimed()
    await centre.project(state="passive")
    refused = await centre.step("lead_1", "attempts", token, outcome="no_answer")
    assert (refused.status_code, refused.json()["code"]) == (409, "campaign-passive")
    await centre.project(state="active")
    assert (await centre.step("lead_1", "attempts", token, outcome="no_answer")).status_code == 201


@pytest.mark.parametrize("break_it", [_shut, _race_suppression, _demand_consent, _return, _revoke])
async def test_e4_e5_e6_e11_are_asked_again_when_a_call_starts(centre: CallCentre, break_it: Break):
    await centre.lead()
    _, token = await centre.claimed()
    await break_it(centre)
    refused = await centre.step("lead_1", "attempts", token, outcome="no_answer")
    assert (refused.status_code, refused.json()["code"]) == (409, "not-eligible")
    assert len(refused.json()["failing"]) == 1
    assert (await centre.item())["calls"] == 0


async def test_an_older_version_of_a_project_changes_nothing(centre: CallCentre):
    await centre.lead()
    await centre.service.deliver(ProjectChangedV1(project_id="prj_1", name="old", kind="outbound", state="passive"), 0)
    assert (await centre.claim()).status_code == 200


async def test_a2_6_a_lower_maximum_of_attempts_expires_leads(centre: CallCentre):
    await centre.lead()
    await _cool(centre)
    await centre.project(queue=QueueRules(max_attempts=1))
    assert (await centre.item())["state"] == "expired"


async def test_eligibility_is_for_those_who_see_the_lead(centre: CallCentre):
    await centre.lead()
    path = "/v1/work-items/lead_1/eligibility"
    assert (await centre.service.http.get(path, headers=centre.as_agent())).status_code == 404
    await centre.claimed()
    answer = await centre.service.http.get(path, headers=centre.as_agent())
    assert [one["code"] for one in answer.json()["failing"]] == ["E1"]
