"""What a return carries, and who sees what of it (I2.13, I2.10)."""

from typing import Any

import pytest
from contracts.events import assignment as a
from contracts.events import intake as i
from contracts.events import validation as v
from lead_intake_svc.testing import World, bearer, lead
from lead_intake_svc.testing_returns import NOW, REASON, ask, ref, requested, settle, step, supervisor, told


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
