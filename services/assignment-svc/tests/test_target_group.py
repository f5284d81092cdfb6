"""A3.6: accounts under an agent's responsibility, chosen by their contacts; their leads go to that agent only."""

from typing import Any

from assignment_svc.testing import AGENT, PROJECT, CallCentre, lead_event
from contracts.events.intake import LeadUpdatedV1
from contracts.events.values import Account
from httpx2 import Response
from servicekit.testing import ServiceUnderTest

PATH = f"campaigns/{PROJECT}/target-group"
OTHER = "usr_other"


async def _two_agents(centre: CallCentre) -> None:
    await centre.agent(OTHER)
    await centre.tick(AGENT, OTHER)


async def _contact(centre: CallCentre, lead_id: str, account_id: str | None, **fields: Any) -> None:
    account = None if account_id is None else Account(external_id=account_id, name=account_id.upper())
    await centre.partial(lead_id, account=account, **fields)


async def _put(centre: CallCentre, agent_id: str, *contact_ids: str) -> Response:
    return await centre.write("POST", PATH, {"agent_id": agent_id, "contact_ids": contact_ids})


async def _accounts(centre: CallCentre, query: str = "", headers: Any = None) -> list[tuple[str, int, str | None]]:
    page = await centre.read(f"{PATH}{query}", headers)
    return [
        (row["account_id"], row["contacts"], row["responsible"] and row["responsible"]["id"]) for row in page["data"]
    ]


async def test_a3_6_accounts_are_put_under_an_agent_by_at_least_one_contact(centre: CallCentre):
    await _two_agents(centre)
    for lead_id, account_id in {"lead_1": "a", "lead_2": "a", "lead_3": "b", "lead_4": "c", "lead_5": None}.items():
        await _contact(centre, lead_id, account_id)
    answer = await _put(centre, AGENT, "lead_1", "lead_3", "lead_2", "lead_5", "lead_x")
    assert answer.json()["accounts"] == 2
    assert [(row["status"], row["code"]) for row in answer.json()["results"]] == [
        *[("ok", None)] * 3,
        ("skipped", "no-account"),
        ("failed", "not-found"),
    ]
    assert (await _put(centre, AGENT, "lead_1")).json()["accounts"] == 0, "a repeat changes nothing"
    assert await _accounts(centre) == [("a", 2, AGENT), ("b", 1, AGENT), ("c", 1, None)]
    assert await _accounts(centre, f"?responsible={AGENT}") == [("a", 2, AGENT), ("b", 1, AGENT)]
    assert await _accounts(centre, "?responsible=none") == [("c", 1, None)]
    page = await centre.read(f"{PATH}?limit=2")
    assert await _accounts(centre, f"?limit=2&cursor={page['next_cursor']}") == [("c", 1, None)]
    assert await _accounts(centre, "", centre.as_agent()) == [("a", 2, AGENT), ("b", 1, AGENT)]
    assert await _accounts(centre, "", centre.as_agent(OTHER)) == []


async def test_a3_6_all_of_an_agent_are_reassigned_or_unassigned_and_counted(centre: CallCentre):
    await _two_agents(centre)
    for lead_id, account_id in {"lead_1": "a", "lead_2": "b", "lead_3": "c"}.items():
        await _contact(centre, lead_id, account_id)
    await _put(centre, AGENT, "lead_1", "lead_2")
    await _put(centre, OTHER, "lead_3")
    moved = await centre.write("POST", f"{PATH}/reassign", {"from_agent_id": AGENT, "to_agent_id": OTHER})
    assert moved.json() == {"accounts": 2}
    assert {agent_id for _, _, agent_id in await _accounts(centre)} == {OTHER}
    assert (await centre.write("POST", f"{PATH}/unassign", {"agent_id": AGENT})).json() == {"accounts": 0}
    assert (await centre.write("POST", f"{PATH}/unassign", None)).json() == {"accounts": 3}
    for wrong in ({"from_agent_id": AGENT, "to_agent_id": AGENT}, {"from_agent_id": AGENT, "to_agent_id": "usr_x"}):
        assert (await centre.write("POST", f"{PATH}/reassign", wrong)).status_code == 422, wrong
    assert (await _put(centre, "usr_x", "lead_1")).json()["code"] == "agent-not-active"
    for path, body in {"": {"agent_id": AGENT, "contact_ids": ["lead_1"]}, "/unassign": {}}.items():
        assert (await centre.write("POST", f"{PATH}{path}", body, centre.as_agent())).status_code == 403


async def test_a3_6_a_responsible_agents_leads_go_to_them_only(centre: CallCentre):
    await _two_agents(centre)
    await _contact(centre, "lead_1", "a", priority="high")
    await _contact(centre, "lead_2", None)
    await _put(centre, OTHER, "lead_1")
    why = await centre.read(f"work-items/lead_1/eligibility?agent_id={AGENT}")
    assert ("E9", "Another agent is responsible for the lead's account.") in [
        (one["code"], one["detail"]) for one in why["failing"]
    ]
    assert (await centre.read(f"work-items/lead_1/eligibility?agent_id={OTHER}"))["eligible"]
    assigned = await centre.supervise("assignments", lead_id="lead_1", agent_id=AGENT)
    assert (assigned.status_code, assigned.json()["code"]) == (422, "agent-not-responsible")
    batch = await centre.supervise("assignments/batch", lead_ids=["lead_1"], agent_id=AGENT)
    assert batch.json()["results"][0]["code"] == "agent-not-responsible"
    assert (await centre.claimed())[0] == "lead_2"
    assert (await centre.claim()).status_code == 204
    assert (await centre.claimed(OTHER))[0] == "lead_1"
    handed = await centre.supervise("work-items/lead_1/reassign", agent_id=AGENT)
    assert handed.json()["code"] == "agent-not-responsible"


async def test_a3_6_a_head_full_of_others_leads_hides_nothing(centre: CallCentre):
    await _two_agents(centre)
    for number in range(40):
        await _contact(centre, f"lead_{number:02}", "a", priority="high")
    await _contact(centre, "lead_last", "b")
    await _put(centre, OTHER, "lead_00")
    assert (await centre.claimed())[0] == "lead_last"
    await centre.write("POST", f"{PATH}/unassign", {"agent_id": OTHER})
    assert (await centre.claim()).status_code == 200


async def _kept(centre: CallCentre) -> dict[str, str]:
    rows = await centre.service.db.pool.fetch("SELECT lead_id, reserved_for FROM queue")
    return {row["lead_id"]: row["reserved_for"] for row in rows}


async def test_a3_6_the_queue_follows_every_change_of_who_is_responsible(centre: CallCentre):
    await _two_agents(centre)
    await _contact(centre, "lead_1", "a")
    await _contact(centre, "lead_2", "b")
    await _put(centre, OTHER, "lead_1")
    assert await _kept(centre) == {"lead_1": OTHER, "lead_2": ""}
    await _contact(centre, "lead_3", "a")
    assert (await _kept(centre))["lead_3"] == OTHER, "one that comes later, too"
    await centre.write("POST", f"{PATH}/reassign", {"from_agent_id": OTHER, "to_agent_id": AGENT})
    assert await _kept(centre) == {"lead_1": AGENT, "lead_2": "", "lead_3": AGENT}
    lead_id, token = await centre.claimed(OTHER)
    assert lead_id == "lead_2"
    released = await centre.service.http.post(
        f"/v1/work-items/{lead_id}/release", json={}, headers=centre.as_agent(OTHER, token=token)
    )
    assert released.status_code == 200
    await _put(centre, AGENT, "lead_2")
    assert (await _kept(centre))["lead_2"] == AGENT, "one that cools down, too"
    moved = await centre.read("work-items/lead_3")
    assert moved["state"] == "queued"
    update = lead_event("lead_3", account=Account(external_id="c", name="C"))
    fields = {name: getattr(update, name) for name in update.__struct_fields__}
    await centre.service.deliver(LeadUpdatedV1(**fields), 2)
    assert (await _kept(centre))["lead_3"] == "", "its account is another"
    await centre.write("POST", f"{PATH}/unassign", None)
    assert set((await _kept(centre)).values()) == {""}


async def test_a3_6_a_lead_that_enters_while_its_account_changes_hands_is_kept_soon(
    centre: CallCentre, service: ServiceUnderTest
):
    """Its transaction saw the account as it was; who claims it looks again, and a reminder puts it right."""
    await _two_agents(centre)
    await _contact(centre, "lead_1", "a")
    await _put(centre, OTHER, "lead_1")
    for seen in ("", AGENT):
        await service.db.pool.execute("UPDATE queue SET reserved_for = $1", seen)
        assert (await centre.claim()).status_code == 204, "the copy is old, the account itself decides"
    await centre.pass_time(seconds=4)
    assert await _kept(centre) == {"lead_1": OTHER}
    assert (await centre.claimed(OTHER))[0] == "lead_1"


async def test_a3_6_who_is_responsible_takes_part_in_the_order_of_all(centre: CallCentre):
    await _two_agents(centre)
    await _contact(centre, "lead_mine", "a", priority="medium")
    await _contact(centre, "lead_high", None, priority="high")
    await _contact(centre, "lead_low", None)
    await _put(centre, AGENT, "lead_mine")
    assert [(await centre.claimed())[0] for _ in range(3)] == ["lead_high", "lead_mine", "lead_low"]


async def test_a3_6_next_eligible_at_counts_nothing_that_is_kept_for_others(centre: CallCentre):
    await _two_agents(centre)
    await _contact(centre, "lead_1", "a")
    lead_id, token = await centre.claimed()
    await centre.step(lead_id, "release", token)
    await _put(centre, OTHER, "lead_1")
    assert "Next-Eligible-At" not in (await centre.claim()).headers
    assert "Next-Eligible-At" in (await centre.claim(OTHER)).headers
