"""One holder, fencing tokens, conservation, timers: what a write must not do, asked of the statements themselves.

Most of these rules stand twice, where a request is read and where its row is written; here the second is asked.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from assignment_svc.locks import store as locks
from assignment_svc.testing import AGENT, CallCentre, lead_ref
from assignment_svc.timers import store as timers
from assignment_svc.work_items.give_back import give_back
from assignment_svc.work_items.item import WorkItem
from assignment_svc.work_items.store import find_items
from assignment_svc.work_items.transition import touch, transition
from contracts.events.intake import LeadSoldV1, ReturnDeclinedV1, ReturnRequestedV1
from contracts.events.sponsor import ContactListChangedV1, OfferRules, QueueRules
from contracts.events.values import Person
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import DomainError

OTHER = "usr_other"
PHONE = "+358401234567"


async def _two_agents(centre: CallCentre) -> None:
    await centre.agent(OTHER)
    await centre.tick(AGENT, OTHER)


async def _found(work: UnitOfWork, lead_id: str = "lead_1") -> WorkItem:
    return (await find_items(work, [lead_id]))[lead_id]


async def _lock(centre: CallCentre, lead_id: str, agent_id: str, path: str = "", token: str | None = None) -> int:
    headers = centre.as_agent(agent_id, token=token)
    return (await centre.service.http.post(f"/v1/work-items/{lead_id}/lock{path}", headers=headers)).status_code


async def _fire_now(centre: CallCentre, kind: str, subject: str) -> None:
    """A reminder that is older than what it is about: nobody takes reminders back."""
    async with centre.service.db.unit_of_work() as work:
        await timers.remind(work, kind, [subject], timedelta(0))
    await centre.fire()


async def _end_locks(centre: CallCentre) -> None:
    await centre.service.db.pool.execute("UPDATE locks SET expires_at = now()")


async def _call_back(centre: CallCentre, agent_id: str = AGENT, private: bool = True, **later: float) -> str:
    lead_id, token = await centre.claimed(agent_id)
    body = {"at": (datetime.now(UTC) + timedelta(**later)).isoformat(), "private": private}
    headers = centre.as_agent(agent_id, token=token)
    answer = await centre.write("POST", f"work-items/{lead_id}/callback", body, headers)
    assert answer.status_code == 201, answer.text
    return lead_id


async def test_one_holder_what_was_decided_about_an_older_version_is_not_done(centre: CallCentre):
    await centre.lead()
    _, token = await centre.claimed()
    async with centre.service.db.unit_of_work() as work:
        old = await _found(work)
    await centre.step("lead_1", "attempts", token, outcome="busy")
    async with centre.service.db.unit_of_work() as work:
        assert await transition(work, [give_back(old, None, why="x")]) == set()
    assert await centre.state_of() == "claimed"
    assert (await centre.told())[-1] == "attempt.logged 3"


async def test_one_holder_a_claim_that_was_handed_over_has_no_lock_of_before(centre: CallCentre):
    await _two_agents(centre)
    await centre.lead()
    await centre.claimed()
    assert (await centre.supervise("work-items/lead_1/reassign", agent_id=OTHER)).status_code == 200
    assert await _lock(centre, "lead_1", OTHER) == 200
    assert await _lock(centre, "lead_1", AGENT) == 404


@pytest.mark.parametrize("how", ["another token", "a lock that has ended", "a lock of somebody else's lead"])
async def test_fencing_no_row_is_moved_or_touched_without_the_live_lock_of_its_token(centre: CallCentre, how: str):
    await _two_agents(centre)
    await centre.lead("lead_1")
    _, token = await centre.claimed()
    wrong = int(token)
    if how == "another token":
        wrong += 1000
    elif how == "a lock that has ended":
        await _end_locks(centre)
    else:
        await centre.lead("lead_2")
        wrong = int((await centre.claimed(OTHER))[1])
    async with centre.service.db.unit_of_work() as work:
        item = await _found(work)
        fenced = replace(give_back(item, AGENT, why="x"), token=wrong)
        assert await transition(work, [fenced]) == set()
        with pytest.raises(DomainError, match="lock"):
            await touch(work, item, AGENT, ("noted", {}), wrong)
    assert await centre.state_of() == "claimed"


@pytest.mark.parametrize("ended", [True, False])
async def test_fencing_an_order_is_not_written_under_an_old_lock(centre: CallCentre, ended: bool):
    await centre.lead()
    _, token = await centre.claimed()
    if ended:
        await _end_locks(centre)
    else:
        assert await _lock(centre, "lead_1", AGENT) == 200, "a newer window"
    body = {"lead_id": "lead_1", "number": "N1", "items": []}
    refused = await centre.write("POST", "orders", body, centre.as_agent(token=token))
    assert (refused.status_code, refused.json()["code"]) == (423, "lock-lost")
    assert await centre.service.db.pool.fetchval("SELECT count(*) FROM orders") == 0


async def test_fencing_a_heartbeat_brings_no_lock_back(centre: CallCentre):
    await centre.lead()
    _, token = await centre.claimed()
    await _end_locks(centre)
    assert await _lock(centre, "lead_1", AGENT, "/heartbeat", token) == 423


async def test_e2_no_lock_is_taken_while_somebody_has_one_on_the_same_number(centre: CallCentre):
    await _two_agents(centre)
    await centre.partial("lead_1", person=Person(phone=PHONE))
    await centre.partial("lead_2", person=Person(phone=PHONE))
    lead_id, _ = await centre.claimed()
    left = {"lead_1": "lead_2", "lead_2": "lead_1"}[lead_id]
    assert (await centre.supervise("assignments", lead_id=left, agent_id=OTHER)).status_code == 201
    assert await _lock(centre, left, OTHER) == 423
    await _end_locks(centre)
    assert await _lock(centre, left, OTHER) == 200


async def test_a3_9_unassigning_and_suppressing_break_the_lock(centre: CallCentre):
    await centre.lead("lead_1", person=Person(phone=PHONE))
    await centre.claimed()
    await centre.supervise("work-items/lead_1/unassign")
    assert await centre.service.db.pool.fetchval("SELECT count(*) FROM locks") == 0
    await centre.claimed()
    await centre.suppress("phone", PHONE)
    assert await centre.state_of() == "suppressed"
    assert await centre.service.db.pool.fetchval("SELECT count(*) FROM locks") == 0


async def test_conservation_what_leaves_the_queue_is_in_it_no_more_and_comes_back_once(centre: CallCentre):
    await centre.lead()
    for path, rows in (("pend", 0), ("queue", 1), ("pend", 0), ("queue", 1)):
        assert (await centre.supervise(f"work-items/lead_1/{path}")).status_code == 200
        assert await centre.service.db.pool.fetchval("SELECT count(*) FROM queue") == rows


async def test_s0_7_a_list_whose_date_was_moved_later_keeps_its_leads(centre: CallCentre):
    await centre.lead(lead=lead_ref("lead_1", contact_list_id="lst_1"))
    for version, days in enumerate((1, 9), 1):
        ends = datetime.now(UTC).date() + timedelta(days=days)
        event = ContactListChangedV1(contact_list_id="lst_1", name="L", expires_on=ends, time_zone="UTC")
        await centre.service.deliver(event, version)
    await _fire_now(centre, "expiry", "lead_1")
    assert await centre.state_of() == "queued"


async def test_a3_10_of_two_calls_that_are_due_the_earlier_comes_first(centre: CallCentre):
    for lead_id in ("lead_1", "lead_2"):
        await centre.lead(lead_id)
    later = await _call_back(centre, hours=2)
    earlier = await _call_back(centre, minutes=110)
    await centre.pass_time(minutes=130)
    assert [(await centre.claimed())[0] for _ in range(2)] == [earlier, later]


async def test_a3_10_a_call_that_was_promised_for_a_lead_that_was_sold_is_called_off(centre: CallCentre):
    event = await centre.lead()
    await _call_back(centre, hours=2)
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    sold = LeadSoldV1(**fields, buyer_id="ptr_2", sale_id="sal_1", sold_at=datetime.now(UTC))
    await centre.service.deliver(sold, 2)
    assert await centre.state_of() == "sold"
    assert (await centre.read("callbacks"))["data"] == []


@pytest.mark.parametrize("private", [True, False])
async def test_a3_10_a_call_whose_time_came_during_a_return_is_due_after_it(centre: CallCentre, private: bool):
    await centre.lead()
    await _call_back(centre, private=private, seconds=0)
    await centre.returned(ReturnRequestedV1)
    await centre.fire()
    assert await centre.state_of() == "return_hold"
    await centre.returned(ReturnDeclinedV1, version=2)
    await centre.fire()
    assert (await centre.claimed())[0] == "lead_1"


async def test_a3_14_a_reminder_that_is_early_lets_no_offer_lapse(centre: CallCentre):
    await centre.project(written_confirmation=True, offer=OfferRules(lapse_days=3))
    await centre.partial()
    _, token = await centre.claimed()
    offer = (await centre.step("lead_1", "offer", token)).json()
    await _fire_now(centre, "offer", offer["id"])
    assert await centre.state_of() == "offer_sent"


async def test_e3_a_cool_down_whose_row_somebody_is_at_ends_a_moment_later(centre: CallCentre):
    await centre.project(queue=QueueRules(cool_down_minutes=30))
    await centre.lead()
    lead_id, token = await centre.claimed()
    await centre.step(lead_id, "release", token)
    await centre.pass_time(minutes=31, fire=False)
    async with centre.service.db.unit_of_work() as work:
        await work.fetch("SELECT FROM queue FOR UPDATE")
        await centre.fire()
    assert await _ready(centre) == 0
    await centre.pass_time(seconds=2)
    assert await _ready(centre) == 1


async def _ready(centre: CallCentre) -> Any:
    return await centre.service.db.pool.fetchval("SELECT count(*) FROM queue WHERE ready_at IS NULL")


async def test_fencing_the_longest_that_a_lock_lives_counts_from_when_it_was_taken(centre: CallCentre):
    await centre.lead()
    _, token = await centre.claimed()
    await centre.service.db.pool.execute("UPDATE locks SET acquired_at = now() - interval '121 min'")
    before = await centre.service.db.pool.fetchval("SELECT expires_at FROM locks")
    async with centre.service.db.unit_of_work() as work:
        kept = await locks.extend(work, "lead_1", (AGENT, int(token)), (timedelta(hours=1), timedelta(hours=2)))
    assert kept is not None
    assert kept.expires_at == before
