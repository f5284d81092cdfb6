"""S0.8: what a pause of a project leaves as it was."""

from datetime import UTC, datetime
from typing import Any

from assignment_svc.testing import CallCentre
from contracts.events.sponsor import QueueRules


async def test_s0_8_passivate_and_activate_goes_on_exactly_where_it_stopped(centre: CallCentre):
    """Three days of a passive project, with every timer that comes in them, change nothing but the time."""
    await centre.project(queue=QueueRules(status_after_request="queue", cool_down_minutes=30, lock_minutes=15))
    for number in range(1, 7):
        await centre.lead(f"lead_{number}", priority="high" if number % 2 else "normal")
    lead_id, token = await centre.claimed()
    await centre.step(lead_id, "callback", token, at=datetime.now(UTC).isoformat(), private=True)
    lead_id, token = await centre.claimed()
    await centre.step(lead_id, "callback", token, at=datetime.now(UTC).isoformat(), private=False)
    lead_id, token = await centre.claimed()
    await centre.step(lead_id, "release", token)
    await centre.claimed()
    await centre.project(state="passive", queue=QueueRules(status_after_request="queue", cool_down_minutes=30))
    before = await _whole(centre)
    await centre.pass_time(days=3, fire=False)
    await centre.fire()
    assert (await centre.claim()).status_code == 204
    await centre.pass_time(days=-3, fire=False)
    assert await _whole(centre) == before
    await centre.project(queue=QueueRules(status_after_request="queue", cool_down_minutes=30))
    assert await _whole(centre) == before
    await centre.pass_time(minutes=31)
    states = await centre.service.db.pool.fetch("SELECT state, count(*) FROM work_items GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in states] == [("callback", 1), ("queued", 5)], "and then everything goes on"


async def _whole(centre: CallCentre) -> list[Any]:
    pool = centre.service.db.pool
    queries = (
        "SELECT to_jsonb(w) - 'changed_at' FROM work_items w ORDER BY lead_id",
        "SELECT to_jsonb(q) - 'ready_at' FROM queue q ORDER BY lead_id",
        "SELECT to_jsonb(c) FROM callbacks c ORDER BY callback_id",
        "SELECT to_jsonb(a) FROM attempts a ORDER BY attempt_id",
        "SELECT agent_id, open_claims FROM agents ORDER BY agent_id",
        "SELECT lead_id, version, event, data FROM history ORDER BY position",
    )
    return [[tuple(row) for row in await pool.fetch(query)] for query in queries]
