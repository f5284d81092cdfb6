"""Returns (I2.13): the machine, its guards, its events, and who sees what."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from contracts.events import assignment as a
from contracts.events import intake as i
from contracts.events import validation as v
from contracts.events.values import LeadRef, Money, Order
from lead_intake_svc.returns.lapse_returns import lapse_returns
from lead_intake_svc.testing import World, bearer, lead

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REASON = "wrong number"
RETURN_EVENTS = (
    i.ReturnRequestedV1, i.ReturnAcceptedV1, i.ReturnDeclinedV1, i.ReturnDisputedV1, i.ReturnLapsedV1,
)  # fmt: skip


def ref(world: World, lead_id: str) -> LeadRef:
    return LeadRef(lead_id=lead_id, partner_id=world.partner_id, project_id="prj_a")


async def ask(world: World, *lead_ids: str, reason: str = REASON, **more: Any) -> list[dict[str, Any]]:
    body = {"lead_ids": lead_ids, "reason": reason, **more}
    answer = await world.http.post("/v1/returns", json=body, headers=world.service.headers("supervisor"))
    assert answer.status_code == 200, answer.text
    return list(answer.json()["results"])


async def requested(world: World, **more: Any) -> tuple[str, str]:
    """A lead and the return that was requested for it."""
    lead_id = (await world.accepted())["id"]
    (result,) = await ask(world, lead_id, **more)
    assert result["status"] == "ok", result
    return lead_id, result["id"]


async def step(world: World, return_id: str, name: str, headers: dict[str, str] | None = None, **body: Any) -> Any:
    path = f"/v1/returns/{return_id}/{name}"
    return await world.http.post(path, json=body, headers=headers or bearer(world.key))


def supervisor(world: World) -> dict[str, str]:
    return world.service.headers("supervisor")


async def status(world: World, lead_id: str) -> str:
    return str((await world.http.get(f"/v1/leads/{lead_id}", headers=world.service.headers())).json()["status"])


async def told(world: World) -> list[str]:
    return [event.type.split(".")[2] for event in await world.service.published(*RETURN_EVENTS)]


async def settle(world: World, **changes: Any) -> None:
    path = f"/v1/partners/{world.partner_id}"
    (await world.http.patch(path, json=changes, headers=world.service.headers())).raise_for_status()


async def lapse(world: World, later: timedelta) -> int:
    async with world.service.db.unit_of_work() as work:
        return await lapse_returns(work, datetime.now(UTC) + later)


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


async def test_i2_13_evidence_comes_from_the_timeline(world: World):
    body = lead(consent={"given_at": "2026-01-01T00:00:00Z", "text": "yes"})
    lead_id = (await world.push(body)).json()["id"]
    about: dict[str, Any] = {"lead": ref(world, lead_id), "received_at": NOW, "agent_id": "usr_a"}
    call: dict[str, Any] = {"attempt_id": "att_1", "outcome": "no-answer", "contacted": False, "number": 1}
    await world.service.deliver(a.AttemptLoggedV1(**about, **call, started_at=NOW), sequence=2)
    done = a.LeadResolvedV1(**about, disposition_id="dsp_1", disposition="Wrong number", note="psst")
    await world.service.deliver(done, sequence=3)
    await world.service.deliver(v.CaseAttemptedV1(lead=ref(world, lead_id), attempts=1, note="busy"), sequence=2)
    await ask(world, lead_id)
    (event,) = await world.service.published(i.ReturnRequestedV1)
    assert isinstance(event, i.ReturnRequestedV1)
    evidence = event.evidence
    assert evidence["attempts"] == [
        {"at": "2026-01-01T00:00:00Z", "outcome": "no-answer", "contacted": False, "number": 1}
    ]
    assert [each["disposition"] for each in evidence["dispositions"]] == ["Wrong number"]
    assert [each["note"] for each in evidence["notes"]] == ["busy"]
    assert evidence["consent"]["text"] == "yes"
    assert event.external_id == body["external_id"]


@pytest.mark.parametrize("comments", [True, False])
async def test_i2_10_comments_reach_the_partner_only_where_agreed(world: World, comments: bool):
    await settle(world, include_comments_with_return=comments)
    await world.noticed()
    lead_id = (await world.accepted())["id"]
    await world.service.deliver(v.CaseAttemptedV1(lead=ref(world, lead_id), attempts=1, note="mumbled"), sequence=2)
    (made,) = await ask(world, lead_id, comment="psst")
    paths = (f"/v1/returns/{made['id']}", "/v1/returns", f"/v1/leads/{lead_id}/timeline")
    for path in paths:
        shown = (await world.http.get(path, headers=bearer(world.key))).text
        assert ("psst" in shown) is comments, path
        assert ("mumbled" in shown) is comments, path
        assert "usr_test" not in shown
        assert "psst" in (await world.http.get(path, headers=supervisor(world))).text
    dismissed = await step(world, made["id"], "accept", answer="fine")
    assert ("psst" in dismissed.text) is comments


async def test_i2_13_everybody_sees_and_answers_their_own_returns_only(world: World):
    lead_id, return_id = await requested(world)
    other = await world.issue(await world.partner(name="Other"))
    await world.noticed()
    path = f"/v1/returns/{return_id}"
    foreign = bearer(other) | {"X-Request-Id": "same"}
    answers = [await world.http.get(each, headers=foreign) for each in (path, "/v1/returns/ret_none")]
    assert answers[0].status_code == 404
    assert answers[0].content == answers[1].content
    assert (await step(world, return_id, "accept", bearer(other))).status_code == 404
    assert (await world.http.get("/v1/returns", headers=bearer(other))).json()["data"] == []
    for level in ("leads_agent", "call_centre", "sponsor", "integration"):
        headers = world.service.headers(level, sponsor_id="spo_1")
        assert (await world.http.get(path, headers=headers)).status_code == 403
        assert (await step(world, return_id, "accept", headers)).status_code == 403
    reading = await world.issue(world.partner_id, scopes=["leads.read"])
    await world.noticed()
    assert (await step(world, return_id, "accept", bearer(reading))).status_code == 403
    by_partner = await world.http.post(
        "/v1/returns", json={"lead_ids": [lead_id], "reason": REASON}, headers=bearer(world.key)
    )
    assert by_partner.json()["results"][0]["code"] == "not-found"
    user = world.service.headers("partner", partner_id=world.partner_id)
    assert (await step(world, return_id, "accept", user)).status_code == 200


async def test_i2_13_lists_filter_and_page(world: World):
    made = [await requested(world) for _ in range(4)]
    await step(world, made[0][1], "accept")
    head = supervisor(world)

    async def found(query: str) -> list[str]:
        answer = await world.http.get(f"/v1/returns?{query}", headers=head)
        assert answer.status_code == 200, answer.text
        return [row["id"] for row in answer.json()["data"]]

    ids = [return_id for _, return_id in reversed(made)]
    assert await found("") == ids
    assert await found("state=accepted") == [made[0][1]]
    assert await found(f"lead_id={made[2][0]}&partner_id={world.partner_id}&project_id=prj_a") == [made[2][1]]
    assert await found("kind=sale") == []
    first = (await world.http.get("/v1/returns?limit=3", headers=head)).json()
    assert (first["has_more"], len(first["data"])) == (True, 3)
    assert await found(f"limit=3&cursor={first['next_cursor']}") == ids[3:]


async def test_i2_13_a_repeated_request_with_its_key_changes_nothing(world: World):
    lead_id = (await world.accepted())["id"]
    body = {"lead_ids": [lead_id], "reason": REASON}
    headers = supervisor(world) | {"Idempotency-Key": "once"}
    answers = [await world.http.post("/v1/returns", json=body, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert await told(world) == ["requested"]


async def test_i2_13_the_same_person_from_that_partner_is_refused_after_the_return(world: World):
    body = lead()
    lead_id = (await world.push(body)).json()["id"]
    (made,) = await ask(world, lead_id)
    await step(world, made["id"], "accept")
    await world.rows("UPDATE projects SET duplicates = jsonb_set(duplicates, '{action}', '\"link\"')")
    await world.rows("UPDATE change_counters SET version = version + 1 WHERE name = 'projects'")
    await world.noticed()
    again = (await world.push(body | {"external_id": "again"})).json()
    assert (again["status"], again["reason"]) == ("rejected", "returned-before")
    other = await world.issue(await world.partner(name="Other"))
    await world.noticed()
    assert (await world.push(body, key=other)).json()["status"] == "accepted"


async def test_v4_10_an_automatic_proposal_is_requested_at_once(world: World):
    lead_id = (await world.accepted())["id"]
    event = v.ReturnProposedV1(lead=ref(world, lead_id), mode="automatic", reason="rejected in validation", note="dead")
    for _ in range(2):
        await world.service.deliver(event)
    (asked,) = await world.service.published(i.ReturnRequestedV1)
    assert isinstance(asked, i.ReturnRequestedV1)
    assert (asked.actor, asked.comment) == (None, "dead")
    assert await world.count("returns") == 1
    assert await status(world, lead_id) == "return_hold"


async def test_v4_10_proposals_wait_for_a_supervisor(world: World):
    one, two, three = [(await world.accepted())["id"] for _ in range(3)]
    for lead_id, mode, reason in ((one, "ask", REASON), (two, "ask", REASON), (three, "automatic", "unheard of")):
        await world.service.deliver(v.ReturnProposedV1(lead=ref(world, lead_id), mode=mode, reason=reason))
    head = supervisor(world)
    listed = (await world.http.get("/v1/returns?state=proposed", headers=head)).json()["data"]
    assert [(row["lead_id"], row["refusal"]) for row in listed] == [
        (three, "return-reason-unknown"), (two, None), (one, None),
    ]  # fmt: skip
    assert await told(world) == []
    assert await status(world, one) == "accepted"
    assert (await world.http.get("/v1/returns", headers=bearer(world.key))).json()["data"] == []
    assert (await step(world, listed[1]["id"], "confirm", head)).json()["state"] == "requested"
    assert (await step(world, listed[2]["id"], "dismiss", head)).json()["state"] == "dismissed"
    assert (await step(world, listed[2]["id"], "confirm", head)).json()["code"] == "return-not-proposed"
    assert (await step(world, listed[0]["id"], "confirm", head)).json()["code"] == "return-reason-unknown"
    assert (await step(world, listed[0]["id"], "confirm", head, reason="other")).json()["reason"] == "other"
    (direct,) = await ask(world, one)
    assert direct["status"] == "ok"
    assert await told(world) == ["requested"] * 3


async def test_i2_13_a_conversion_on_its_way_ends_the_return(world: World):
    lead_id, return_id = await requested(world)
    about: dict[str, Any] = {"lead": ref(world, lead_id), "received_at": NOW, "agent_id": "usr_a"}
    done = a.LeadConvertedV1(**about, order_id="ord_1", order=Order(number="1", status="completed"))
    await world.service.deliver(done, sequence=4)
    shown = (await world.http.get(f"/v1/returns/{return_id}", headers=supervisor(world))).json()
    assert shown["state"] == "declined"
    assert await status(world, lead_id) == "converted"
    late = await step(world, return_id, "dispute", supervisor(world))
    assert (late.status_code, late.json()["code"]) == (409, "lead-converted")
