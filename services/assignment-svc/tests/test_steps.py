"""What agents do with a claimed lead."""

from datetime import UTC, datetime, timedelta

import pytest
from assignment_svc.testing import AGENT, PROJECT, CallCentre
from contracts.events.assignment import AttemptLoggedV1, LeadConvertedV1, LeadReleasedV1, OrderCompletedV1
from contracts.events.sponsor import QueueRules


async def test_a2_5_put_back_counts_an_attempt_and_cools_down(centre: CallCentre):
    await centre.lead()
    _, token = await centre.claimed()
    answer = await centre.step("lead_1", "release", token, note="not at home")
    assert answer.status_code == 200
    item = answer.json()
    assert (item["state"], item["attempts"], item["agent_id"]) == ("queued", 1, None)
    (event,) = await centre.service.published(LeadReleasedV1)
    assert isinstance(event, LeadReleasedV1)
    assert (event.attempts, event.note, event.agent_id) == (1, "not at home", AGENT)
    assert timedelta(minutes=59) < event.next_attempt_at - datetime.now(UTC) < timedelta(minutes=61)
    assert (await centre.claim()).status_code == 204


async def test_a2_6_the_last_attempt_expires_the_lead(centre: CallCentre):
    await centre.project(queue=QueueRules(max_attempts=2, cool_down_minutes=0))
    await centre.lead()
    for _ in range(2):
        _, token = await centre.claimed()
        await centre.step("lead_1", "release", token)
    item = await centre.item()
    assert (item["state"], item["reason"], item["attempts"]) == ("expired", "attempts", 2)
    assert (await centre.told())[-2:] == ["lead.released 5", "lead.expired 6"]
    reopened = await centre.supervise("work-items/lead_1/reopen", reason="one more try")
    assert (reopened.json()["state"], reopened.json()["attempts"]) == ("queued", 0)
    assert (await centre.claim()).status_code == 200


async def test_a1_3_the_disposition_is_of_the_call_centre_of_the_campaign(centre: CallCentre):
    await centre.lead()
    _, token = await centre.claimed()
    ours = await centre.disposition(name="Has one")
    answer = await centre.supervise("dispositions", name="Has one", kind="sales", call_centre="Oulu")
    theirs = answer.json()["id"]
    path = f"campaigns/{PROJECT}/settings"
    assert (await centre.write("PATCH", path, {"call_centre": "oulu"})).json()["call_centre"] == "oulu"
    refused = await centre.step("lead_1", "resolve", token, disposition_id=ours)
    assert (refused.status_code, refused.json()["code"]) == (422, "disposition-elsewhere")
    assert (await centre.step("lead_1", "resolve", token, disposition_id=theirs)).status_code == 200


async def test_a1_3_resolving_needs_a_sales_disposition(centre: CallCentre):
    await centre.lead()
    _, token = await centre.claimed()
    service = await centre.disposition("service", "Question answered")
    sales = await centre.disposition()
    refused = await centre.step("lead_1", "resolve", token, disposition_id=service)
    assert (refused.status_code, refused.json()["code"]) == (422, "disposition-not-sales")
    unknown = await centre.step("lead_1", "resolve", token, disposition_id="dsp_unknown")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "disposition-unknown")
    missing = await centre.step("lead_1", "resolve", token)
    assert missing.status_code == 422
    answer = await centre.step("lead_1", "resolve", token, disposition_id=sales, note="has one")
    assert answer.json()["state"] == "resolved"
    assert await centre.told() == ["lead.queued 1", "lead.claimed 2", "lead.resolved 3"]
    again = await centre.step("lead_1", "resolve", token, disposition_id=sales)
    assert (again.status_code, again.json()["code"]) == (409, "lead-not-claimed")


async def test_a_disposition_out_of_use_resolves_nothing(centre: CallCentre):
    await centre.lead()
    _, token = await centre.claimed()
    sales = await centre.disposition()
    headers = centre.service.headers("supervisor")
    changed = await centre.service.http.patch(f"/v1/dispositions/{sales}", json={"active": False}, headers=headers)
    assert changed.json()["active"] is False
    assert (await centre.step("lead_1", "resolve", token, disposition_id=sales)).status_code == 422


async def test_a1_11_converting_completes_the_newest_order(centre: CallCentre):
    await centre.partial()
    _, token = await centre.claimed()
    answer = await centre.step("lead_1", "convert", token)
    assert (answer.status_code, answer.json()["state"]) == (200, "converted")
    assert answer.json()["order"]["status"] == "completed"
    assert (await centre.told())[-2:] == ["order.completed 3", "lead.converted 4"]
    (converted,) = await centre.service.published(LeadConvertedV1)
    assert isinstance(converted, LeadConvertedV1)
    assert (converted.agent_id, converted.order.number, converted.order.status) == (AGENT, "P1", "completed")


async def test_a1_11_a_lead_without_an_order_is_not_converted(centre: CallCentre):
    await centre.lead()
    _, token = await centre.claimed()
    answer = await centre.step("lead_1", "convert", token)
    assert (answer.status_code, answer.json()["code"]) == (422, "no-order")


async def test_a1_11_completing_an_order_converts_its_lead_by_itself(centre: CallCentre):
    await centre.partial()
    _, token = await centre.claimed()
    order_id = (await centre.item())["order"]["id"]
    headers = centre.as_agent(token=token)
    answer = await centre.service.http.post(f"/v1/orders/{order_id}/complete", headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (200, "completed")
    assert (await centre.item())["state"] == "converted"
    assert len(await centre.service.published(OrderCompletedV1)) == 1
    twice = await centre.service.http.post(
        f"/v1/orders/{order_id}/complete", headers=centre.service.headers("supervisor")
    )
    assert (twice.status_code, twice.json()["code"]) == (409, "order-completed")


async def test_a2_5_an_invalid_lead_is_closed_with_its_reason(centre: CallCentre):
    await centre.lead()
    _, token = await centre.claimed()
    answer = await centre.step("lead_1", "invalidate", token, reason="wrong number")
    assert (answer.json()["state"], answer.json()["reason"]) == ("invalid", "wrong number")


async def test_calls_are_numbered_over_the_leads_life(centre: CallCentre):
    await centre.project(queue=QueueRules(cool_down_minutes=0))
    await centre.lead()
    for number, outcome in ((1, "no_answer"), (2, "interested")):
        _, token = await centre.claimed()
        answer = await centre.step("lead_1", "attempts", token, outcome=outcome)
        assert (answer.status_code, answer.json()["number"]) == (201, number)
        await centre.step("lead_1", "release", token)
    events = await centre.service.published(AttemptLoggedV1)
    told = [(e.number, e.contacted) for e in events if isinstance(e, AttemptLoggedV1)]
    assert told == [(1, False), (2, True)]
    item = await centre.item()
    assert (item["calls"], item["attempts"]) == (2, 2)


@pytest.mark.parametrize(
    "times",
    [
        {"started_at": "2999-01-01T00:00:00Z"},
        {"started_at": "2026-01-01T10:00:00Z", "ended_at": "2026-01-01T09:00:00Z"},
        {"started_at": "2026-01-01T10:00:00"},
        {"started_at": "2026-01-01T10:00:00Z"},  # before the claim: it would stop the clock of A3.13 in the past
    ],
)
async def test_a_call_at_an_impossible_time_is_refused(centre: CallCentre, times: dict[str, str]):
    await centre.lead()
    _, token = await centre.claimed()
    assert (await centre.step("lead_1", "attempts", token, outcome="busy", **times)).status_code == 422


async def test_a_step_with_unknown_fields_is_refused(centre: CallCentre):
    await centre.lead()
    _, token = await centre.claimed()
    assert (await centre.step("lead_1", "release", token, attempts=0)).status_code == 422
    assert (await centre.item())["state"] == "claimed"


async def test_a1_13_the_history_tells_who_did_what(centre: CallCentre):
    await centre.partial()
    _, token = await centre.claimed()
    await centre.step("lead_1", "attempts", token, outcome="no_answer")
    await centre.step("lead_1", "convert", token)
    answer = await centre.service.http.get("/v1/work-items/lead_1/history", headers=centre.service.headers("admin"))
    told = [(entry["event"], entry["actor"], entry["version"]) for entry in answer.json()["data"]]
    assert told == [
        ("converted", AGENT, 5),
        ("order_completed", AGENT, 4),
        ("attempt_logged", AGENT, 3),
        ("claimed", AGENT, 2),
        ("queued", None, 1),
    ]
    page = await centre.service.http.get(
        "/v1/work-items/lead_1/history?limit=2", headers=centre.service.headers("admin")
    )
    assert page.json()["has_more"] is True
    path = f"/v1/work-items/lead_1/history?limit=100&cursor={page.json()['next_cursor']}"
    rest = await centre.service.http.get(path, headers=centre.service.headers("admin"))
    assert [entry["event"] for entry in rest.json()["data"]] == ["attempt_logged", "claimed", "queued"]
