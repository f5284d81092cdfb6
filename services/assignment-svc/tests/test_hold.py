"""The one order in which rows are taken (`work_items/hold.py`), where a lead changes hands meanwhile."""

import asyncio
from typing import Any

import pytest
from assignment_svc.testing import AGENT, CallCentre
from assignment_svc.work_items.hold import hold, hold_one
from messaging.database import Database
from servicekit.problems import DomainError

OTHER = "usr_other"
HAND_OVER = "UPDATE work_items SET agent_id = $1, version = version + 1 WHERE lead_id = 'lead_1'"
IS_FREE = "SELECT agent_id FROM agents WHERE agent_id = ANY($1::text[]) ORDER BY 1 FOR NO KEY UPDATE SKIP LOCKED"
WAITS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()
"""


async def test_who_holds_a_lead_holds_its_new_agent_and_lets_the_old_one_go(centre: CallCentre):
    """Otherwise the new agent would be taken after the lead: a deadlock with each step of that agent."""
    pool = centre.service.db.pool
    async with pool.acquire() as giver:
        handing_over = await _handed_over_while_held(centre, giver)
        async with centre.service.db.unit_of_work() as work:
            holding = asyncio.create_task(hold(work, ["lead_1"]))
            await _until_it_waits(centre.service.db)
            await handing_over.commit()
            await holding
            free = await pool.fetch(IS_FREE, [AGENT, OTHER])
            assert [row["agent_id"] for row in free] == [AGENT]


async def test_a_step_with_one_lead_that_changes_hands_is_refused(centre: CallCentre):
    async with centre.service.db.pool.acquire() as giver:
        handing_over = await _handed_over_while_held(centre, giver)
        async with centre.service.db.unit_of_work() as work:
            holding = asyncio.create_task(hold_one(work, "lead_1"))
            await _until_it_waits(centre.service.db)
            await handing_over.commit()
            with pytest.raises(DomainError, match="changed-meanwhile"):
                await holding


async def _handed_over_while_held(centre: CallCentre, giver: Any) -> Any:
    """Somebody's transaction that has given a claimed lead to another agent, and is not committed yet."""
    await centre.agent(OTHER)
    await centre.tick(AGENT, OTHER)
    await centre.lead()
    await centre.claimed()
    transaction = giver.transaction()
    await transaction.start()
    await giver.execute(HAND_OVER, OTHER)
    return transaction


async def _until_it_waits(database: Database) -> None:
    while not await database.pool.fetchval(WAITS):  # noqa: ASYNC110 -- PostgreSQL tells nobody that somebody waits
        await asyncio.sleep(0.01)
