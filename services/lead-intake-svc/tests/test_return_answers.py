"""Declining, disputing, lapsing, and the agreed rate (I2.13)."""

import asyncio
from datetime import timedelta

import pytest
from contracts.events import intake as i
from lead_intake_svc.testing import World
from lead_intake_svc.testing_returns import ask, lapse, requested, settle, status, step, supervisor, told


async def test_i2_13_declined_is_restored_disputed_stops_again_and_a_supervisor_decides(world: World):
    lead_id, return_id = await requested(world)
    assert (await step(world, return_id, "decline", answer="it rang")).status_code == 200
    assert await status(world, lead_id) == "accepted"
    mine = await step(world, return_id, "dispute")
    assert (mine.status_code, mine.json()["code"]) == (403, "return-not-yours")
    assert (await step(world, return_id, "dispute", supervisor(world), comment="no")).json()["state"] == "disputed"
    assert await status(world, lead_id) == "return_hold"
    theirs = await step(world, return_id, "decline")
    assert (theirs.status_code, theirs.json()["code"]) == (403, "return-not-yours")
    assert (await step(world, return_id, "decline", supervisor(world))).status_code == 200
    final = await step(world, return_id, "dispute", supervisor(world))
    assert (final.status_code, final.json()["code"]) == (409, "return-final")
    assert await told(world) == ["requested", "declined", "disputed", "declined"]


async def test_i2_13_a_dispute_comes_too_late(world: World):
    lead_id, return_id = await requested(world)
    await step(world, return_id, "decline")
    await world.rows("UPDATE returns SET answered_at = now() - interval '8 days'")
    assert (await step(world, return_id, "dispute", supervisor(world))).json()["code"] == "return-final"
    assert await status(world, lead_id) == "accepted"


async def test_i2_13_no_answer_accepts_by_a_timer_that_outlives_processes(world: World):
    lead_id, return_id = await requested(world)
    assert await lapse(world, timedelta(days=6, hours=23)) == 0
    assert sum(await asyncio.gather(*(lapse(world, timedelta(days=7, minutes=1)) for _ in range(4)))) == 1
    assert await told(world) == ["requested", "lapsed", "accepted"]
    shown = (await world.http.get(f"/v1/returns/{return_id}", headers=supervisor(world))).json()
    assert (shown["state"], shown["lapsed_at"] is not None) == ("accepted", True)
    assert (await status(world, lead_id), await world.count("credits")) == ("returned", 1)


async def test_i2_13_no_answer_escalates_where_that_was_agreed(world: World):
    await settle(world, return_on_no_answer="escalate", return_answer_days=2)
    lead_id, return_id = await requested(world)
    assert await lapse(world, timedelta(days=2, minutes=1)) == 1
    assert await lapse(world, timedelta(days=9)) == 0
    (event,) = await world.service.published(i.ReturnLapsedV1)
    assert isinstance(event, i.ReturnLapsedV1)
    assert event.outcome == "escalated"
    assert await status(world, lead_id) == "return_hold"
    assert (await step(world, return_id, "decline")).status_code == 403
    assert (await step(world, return_id, "accept", supervisor(world))).status_code == 200
    assert await world.count("credits") == 1


@pytest.mark.parametrize(("action", "code"), [("warn", "ok"), ("block", "failed")])
async def test_i2_13_more_returns_than_agreed_warn_or_are_blocked(world: World, action: str, code: str):
    await settle(world, max_return_rate=20, return_rate_action=action)
    ids = [(await world.accepted())["id"] for _ in range(10)]
    first, second, third = await ask(world, *ids[:3])
    assert [first["code"], second["code"]] == [None, None]
    assert (third["status"], third["code"]) == (code, "return-rate-exceeded")
    answers = await asyncio.gather(*(ask(world, lead_id) for lead_id in ids[3:7]))
    assert {result["status"] for (result,) in answers} == {code}


async def test_i2_13_a_declined_return_does_not_count_towards_the_rate(world: World):
    await settle(world, max_return_rate=50, return_rate_action="block")
    one, two = [(await world.accepted())["id"] for _ in range(2)]
    (made,) = await ask(world, one)
    assert (await ask(world, two))[0]["status"] == "failed"
    await step(world, made["id"], "decline")
    assert (await ask(world, two))[0]["status"] == "ok"
