"""A3.9: what was written is not lost with the lock."""

from assignment_svc.testing import CallCentre


async def test_a3_9_a_draft_is_kept_when_the_lock_is_lost_and_gone_when_it_is_written(centre: CallCentre):
    await centre.lead()
    _, token = await centre.claimed()
    boss = centre.service.headers("supervisor", user_id="usr_boss")
    await centre.service.http.delete("/v1/work-items/lead_1/lock", headers=boss)
    lost = await centre.step("lead_1", "release", token, note="wants a call on Monday")
    assert lost.status_code == 423
    path = "/v1/work-items/lead_1/draft"
    assert (await centre.service.http.get(path, headers=centre.as_agent())).json()["note"] == "wants a call on Monday"
    assert (await centre.service.http.get(path, headers=boss)).status_code == 404, "each their own"
    again = await centre.step("lead_1", "lock")
    await centre.step("lead_1", "release", again.json()["token"], note="wants a call on Monday")
    assert (await centre.service.http.get(path, headers=centre.as_agent())).status_code == 404
    foreign = await centre.service.http.put(path, json={"note": "x"}, headers=centre.as_agent())
    assert foreign.status_code == 404, "it is nobody's now"
