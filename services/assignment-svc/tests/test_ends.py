"""Cool-downs that end, and leads whose time is over."""

from assignment_svc.testing import CallCentre
from contracts.events.sponsor import QueueRules


async def test_e3_cooled_leads_become_callable_by_themselves(centre: CallCentre):
    await centre.project(queue=QueueRules(cool_down_minutes=30))
    await centre.lead()
    _, token = await centre.claimed()
    await centre.step("lead_1", "release", token)
    assert await centre.service.db.pool.fetchval("SELECT count(*) FROM queue WHERE ready_at IS NULL") == 0
    await centre.pass_time(minutes=31)
    assert await centre.service.db.pool.fetchval("SELECT count(*) FROM queue WHERE ready_at IS NULL") == 1


async def test_e12_a_lead_that_was_somebodys_when_its_time_came_expires_when_it_is_back(centre: CallCentre):
    await centre.project(queue=QueueRules(max_age_hours=2, cool_down_minutes=0))
    await centre.lead()
    _, token = await centre.claimed()
    await centre.step("lead_1", "attempts", token, outcome="busy")
    await centre.pass_time(hours=3)
    assert await centre.state_of() == "claimed"
    lock = await centre.step("lead_1", "lock")
    await centre.step("lead_1", "release", lock.json()["token"])
    await centre.fire()
    assert await centre.state_of() == "expired"
