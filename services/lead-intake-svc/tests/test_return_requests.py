"""Asking for returns (I2.13): guards, results, races."""

import asyncio
from typing import Any

import asyncpg
import pytest
from contracts.events import assignment as a
from contracts.events import intake as i
from contracts.events.values import Money, Order
from lead_intake_svc.testing import World, bearer, lead
from lead_intake_svc.testing_returns import NOW, REASON, ask, ref, requested, settle, status, step, told


async def test_i2_13_an_accepted_return_gives_one_credit_and_the_lead_is_gone(world: World):
    await settle(world, lead_price={"amount_minor": 1250, "currency": "EUR"})
    lead_id, return_id = await requested(world, comment="nobody there")
    assert await status(world, lead_id) == "return_hold"
    accepted = await step(world, return_id, "accept", answer="sorry")
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted"), accepted.text
    assert await status(world, lead_id) == "returned"
    again = await step(world, return_id, "accept")
    assert (again.status_code, again.json()["code"]) == (409, "return-not-open")
    assert await told(world) == ["requested", "accepted"]
    (credit,) = await world.service.published(i.CreditEnteredV1)
    assert isinstance(credit, i.CreditEnteredV1)
    assert (credit.return_id, credit.direction) == (return_id, "from_partner")
    assert credit.amount == Money(amount_minor=1250, currency="EUR")
    listed = (await world.http.get(f"/v1/partners/{world.partner_id}/credits", headers=bearer(world.key))).json()
    assert [entry["amount"] for entry in listed["data"]] == [{"amount_minor": 1250, "currency": "EUR"}]
    (late,) = await ask(world, lead_id)
    assert (late["status"], late["code"]) == ("failed", "lead-returned")


async def test_i2_13_a_result_per_lead_in_order(world: World):
    good, converted, old = [(await world.accepted())["id"] for _ in range(3)]
    refused = (await world.push(lead(phone="1"))).json()["id"]
    await world.rows("UPDATE leads SET received_at = now() - interval '8 days' WHERE id = $1", old)
    about: dict[str, Any] = {"lead": ref(world, converted), "received_at": NOW, "agent_id": "usr_a"}
    order = Order(number="1", status="completed")
    await world.service.deliver(a.LeadConvertedV1(**about, order_id="ord_1", order=order), sequence=4)
    results = await ask(world, converted, good, "lead_unknown", refused, good, old)
    assert [result["index"] for result in results] == list(range(6))
    assert [result["code"] for result in results] == [
        "lead-converted", None, "not-found", "lead-not-accepted", "return-open", "return-window-over",
    ]  # fmt: skip
    (reason,) = await ask(world, (await world.accepted())["id"], reason="no idea")
    assert reason["code"] == "return-reason-unknown"
    assert await told(world) == ["requested"]


async def test_i2_13_the_partner_decides_about_window_and_reasons(world: World):
    await settle(world, return_window_days=30, return_reasons=["late"])
    old = (await world.accepted())["id"]
    await world.rows("UPDATE leads SET received_at = now() - interval '29 days' WHERE id = $1", old)
    assert [(await ask(world, old, reason=reason))[0]["code"] for reason in (REASON, "late")] == [
        "return-reason-unknown",
        None,
    ]
    await settle(world, sells_leads=False)
    (stopped,) = await ask(world, old, reason="late")
    assert stopped["code"] == "return-open"


async def test_i2_13_one_open_return_per_lead_whoever_asks_at_once(world: World):
    lead_ids = [(await world.accepted())["id"] for _ in range(3)]
    answers = await asyncio.gather(*(ask(world, *lead_ids[:: (-1 if n % 2 else 1)]) for n in range(12)))
    made = [result for results in answers for result in results if result["status"] == "ok"]
    assert sorted(result["lead_id"] for result in made) == sorted(lead_ids)
    assert {result["code"] for results in answers for result in results} <= {None, "return-open"}
    assert await told(world) == ["requested"] * 3


async def test_i2_13_the_table_itself_allows_one_open_return(world: World):
    lead_id, _ = await requested(world)
    with pytest.raises(asyncpg.UniqueViolationError, match="returns_one"):
        await world.rows(
            """INSERT INTO returns SELECT 'ret_other', kind, lead_id, sale_id, partner_id, project_id, sponsor_id,
            state, reason, comment, answer, refusal, warning, evidence, on_no_answer, requested_at, requested_by,
            answer_by FROM returns WHERE lead_id = $1""",
            lead_id,
        )


async def test_i2_13_accept_and_decline_at_once_have_one_winner(world: World):
    _, return_id = await requested(world)
    answers = await asyncio.gather(*(step(world, return_id, name) for name in ("accept", "decline") * 4))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    winner = next(answer.json()["state"] for answer in answers if answer.status_code == 200)
    assert await world.count("credits") == (winner == "accepted")
    assert await told(world) == ["requested", winner]
