"""A3.9: one editor at a time, with a token that an old window cannot use."""

from datetime import UTC, datetime, timedelta

from assignment_svc.testing import AGENT, CallCentre
from contracts.events.sponsor import QueueRules
from httpx2 import Response


async def _lock(centre: CallCentre, lead_id: str = "lead_1", path: str = "", **who: str) -> Response:
    return await centre.service.http.post(f"/v1/work-items/{lead_id}/lock{path}", headers=centre.as_agent(**who))


async def _end_all_locks(centre: CallCentre) -> None:
    await centre.service.db.pool.execute("UPDATE locks SET expires_at = now() - interval '1 s'")


async def test_every_write_to_a_claimed_lead_needs_the_live_token(centre: CallCentre):
    await centre.partial()
    _, token = await centre.claimed()
    sales = await centre.disposition()
    steps = {
        "release": {},
        "resolve": {"disposition_id": sales},
        "convert": {},
        "invalidate": {"reason": "r"},
        "attempts": {"outcome": "busy"},
    }
    for wrong in (None, "1" + token):
        for step, body in steps.items():
            refused = await centre.step("lead_1", step, wrong, **body)
            assert (refused.status_code, refused.json()["code"]) == (423, "lock-lost"), step
    await _end_all_locks(centre)
    for step, body in steps.items():
        assert (await centre.step("lead_1", step, token, **body)).status_code == 423, step
    assert (await centre.item())["state"] == "claimed", "the end of the lock does not end the claim"
    assert (await centre.item())["lock"] is None
    newer = (await _lock(centre)).json()["token"]
    assert int(newer) > int(token)
    assert (await centre.step("lead_1", "release", newer)).status_code == 200


async def test_taking_the_lock_again_ends_the_older_window(centre: CallCentre):
    await centre.lead()
    _, old = await centre.claimed()
    new = (await _lock(centre)).json()["token"]
    assert int(new) > int(old)
    assert (await _lock(centre, path="/heartbeat", token=old)).status_code == 423
    assert (await centre.step("lead_1", "release", old)).status_code == 423
    assert (await centre.step("lead_1", "release", new)).status_code == 200


async def test_a_heartbeat_extends_two_hours_at_most(centre: CallCentre):
    await centre.project(queue=QueueRules(lock_minutes=30))
    await centre.lead()
    _, token = await centre.claimed()
    now = datetime.now(UTC)
    item = await centre.item()
    assert item["lock"]["holder"] == AGENT
    assert abs(datetime.fromisoformat(item["lock"]["expires_at"]) - now - timedelta(minutes=30)) < timedelta(seconds=20)
    await centre.service.db.pool.execute(
        "UPDATE locks SET acquired_at = now() - interval '110 min', expires_at = now() + interval '1 min'"
    )
    kept = await _lock(centre, path="/heartbeat", token=token)
    ends = datetime.fromisoformat(kept.json()["expires_at"])
    assert abs(ends - now - timedelta(minutes=10)) < timedelta(seconds=20)
    assert kept.json()["token"] == token


async def test_somebody_elses_lock_is_told_and_respected(centre: CallCentre):
    await centre.lead()
    await centre.claimed()
    headers = centre.service.headers("supervisor", user_id="usr_boss")
    refused = await centre.service.http.post("/v1/work-items/lead_1/lock", headers=headers)
    assert (refused.status_code, refused.json()["code"], refused.json()["holder"]) == (423, "locked", AGENT)


async def test_giving_up_the_lock_lets_others_edit(centre: CallCentre):
    await centre.lead()
    _, token = await centre.claimed()
    path = "/v1/work-items/lead_1/lock"
    assert (await centre.service.http.delete(path, headers=centre.as_agent())).status_code == 423
    assert (await centre.service.http.delete(path, headers=centre.as_agent(token=token))).status_code == 204
    headers = centre.service.headers("supervisor", user_id="usr_boss")
    assert (await centre.service.http.post(path, headers=headers)).status_code == 200


async def test_a_supervisor_may_break_a_lock_and_it_is_written_down(centre: CallCentre):
    await centre.lead()
    _, token = await centre.claimed()
    headers = centre.service.headers("supervisor", user_id="usr_boss")
    assert (await centre.service.http.delete("/v1/work-items/lead_1/lock", headers=headers)).status_code == 204
    assert (await centre.step("lead_1", "release", token)).status_code == 423
    history = await centre.service.http.get("/v1/work-items/lead_1/history", headers=headers)
    newest = history.json()["data"][0]
    assert (newest["event"], newest["actor"], newest["data"]) == ("lock_broken", "usr_boss", {"holder": AGENT})


async def test_a_closed_lead_cannot_be_locked(centre: CallCentre):
    await centre.lead()
    _, token = await centre.claimed()
    await centre.step("lead_1", "invalidate", token, reason="r")
    assert (await _lock(centre)).status_code == 409
    assert (await _lock(centre, "lead_unknown")).status_code == 404


async def _claim_and_wait(centre: CallCentre, status: str, **steps: str) -> str:
    await centre.project(queue=QueueRules(status_after_request=status))
    await centre.lead()
    _, token = await centre.claimed()
    if steps:
        await centre.step("lead_1", "attempts", token, **steps)
    await centre.pass_time(minutes=14)
    assert (await centre.item())["state"] == "claimed", "not before the lock ends"
    await centre.pass_time(minutes=2)
    return (await centre.item())["state"]


async def test_a2_6_status_after_request_queue(centre: CallCentre):
    assert await _claim_and_wait(centre, "queue") == "queued"
    assert await centre.told() == ["lead.queued 1", "lead.claimed 2", "lead.unassigned 3"]
    assert (await centre.item())["attempts"] == 0


async def test_a2_6_status_after_request_pending(centre: CallCentre):
    assert await _claim_and_wait(centre, "pending") == "pending"


async def test_a2_6_status_after_request_leave_assigned(centre: CallCentre):
    assert await _claim_and_wait(centre, "leave_assigned") == "claimed"


async def test_a2_6_a_claim_with_a_call_is_left_alone(centre: CallCentre):
    assert await _claim_and_wait(centre, "queue", outcome="no_answer") == "claimed"


async def test_a2_6_a_lock_that_was_extended_puts_the_timer_off(centre: CallCentre):
    await centre.project(queue=QueueRules(status_after_request="queue"))
    await centre.lead()
    _, token = await centre.claimed()
    await centre.pass_time(minutes=10)
    assert (await _lock(centre, path="/heartbeat", token=token)).status_code == 200
    await centre.pass_time(minutes=14)
    assert (await centre.item())["state"] == "claimed"
    await centre.pass_time(minutes=2)
    assert (await centre.item())["state"] == "queued"


async def test_a2_6_a_call_that_a_slow_clock_says_began_before_the_claim_counts(centre: CallCentre):
    began = (datetime.now(UTC) - timedelta(seconds=20)).isoformat()
    assert await _claim_and_wait(centre, "queue", outcome="no_answer", started_at=began) == "claimed"
