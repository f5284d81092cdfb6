"""The plans of hot statements: what they walk, counted in pages and index entries, not in time."""

import json
from typing import Any

import pytest
from assignment_svc.handing_out.store import CANDIDATES, STUCK
from assignment_svc.queue.claims.store import CLAIM, HEADS, WAITING
from assignment_svc.target_group.store import SETTLE
from assignment_svc.testing import AGENT, PROJECT, CallCentre
from assignment_svc.work_items.store import HOLD, MOVE
from contracts.envelope import Trace, blank
from contracts.events.assignment import LeadClaimedV1

OTHER = "usr_other"
KEPT, SOME_KEPT = 50_000, 10_000
# Leads kept for others, at the head of the queue: the account's name in the content is all that says so.
FOREIGN = """
WITH place AS (SELECT min(place_id) AS place_id FROM leads), l AS (
    INSERT INTO leads SELECT 'kept_' || n, 1, 'ptr_1', $1, NULL, NULL, 'kept-' || n, now(), NULL, NULL,
        '+35850' || lpad(n::text, 7, '0'), NULL, NULL, place_id, true, '{"account": {"external_id": "acme"}}'
    FROM generate_series(1, $2::integer) n, place RETURNING lead_id, place_id
), w AS (
    INSERT INTO work_items (lead_id, version, state, location, priority, after_validation, validated)
    SELECT lead_id, 1, 'queued', 'queue', 'high', 'queue', true FROM l
)
INSERT INTO queue (lead_id, project_id, place_id, reserved_for, rank, position)
SELECT lead_id, $1, place_id, $3, 0, -1e17::bigint FROM l
"""


async def _explain(centre: CallCentre, statement: str, *values: Any) -> dict[str, Any]:
    """The generic plan, as every claim has it, with what it really did; nothing is kept of it."""
    async with centre.service.db.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
            rows = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", *values)
        finally:
            await transaction.rollback()
    return (json.loads(rows) if isinstance(rows, str) else rows)[0]["Plan"]


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in _nodes(child))]


def _pages(plan: dict[str, Any]) -> int:
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


def _scanned_whole(plan: dict[str, Any]) -> set[str]:
    return {node["Relation Name"] for node in _nodes(plan) if node["Node Type"] == "Seq Scan"}


async def _filled(centre: CallCentre, kept: int) -> tuple[Any, ...]:
    """Ten leads for anybody, behind so many that are kept for somebody else; what a claim is asked with."""
    await centre.agent(OTHER)
    await centre.tick(AGENT, OTHER)
    for number in range(10):
        await centre.lead(f"lead_{number}")
    pool = centre.service.db.pool
    await pool.execute(FOREIGN, PROJECT, kept, OTHER, timeout=300)
    await pool.execute("INSERT INTO account_responsibles VALUES ($1, 'acme', $2, 'usr_boss')", PROJECT, OTHER)
    for table in ("leads", "work_items", "queue", "account_responsibles"):
        await pool.execute(f"VACUUM ANALYZE {table}")
    row = await pool.fetchrow("SELECT p.version, q.place_id FROM projects p JOIN queue q USING (project_id) LIMIT 1")
    assert row is not None
    envelope = blank(LeadClaimedV1, source="/leadwire/assignment-svc", trace=Trace())
    version = await pool.fetchval("SELECT version FROM reference_version")
    pairs = ([PROJECT], [row["place_id"]], [row["version"]], [-1], [-(2**63)])
    return (50, [AGENT], *pairs, 9, version, [envelope.id], [envelope])


async def test_a3_6_a_claim_costs_the_same_behind_fifty_thousand_leads_that_are_kept_for_others(centre: CallCentre):
    values = await _filled(centre, 0)
    alone = await _explain(centre, CLAIM, *values)
    await centre.service.db.pool.execute(FOREIGN, PROJECT, KEPT, OTHER, timeout=300)
    for table in ("leads", "work_items", "queue"):
        await centre.service.db.pool.execute(f"VACUUM ANALYZE {table}")
    behind = await _explain(centre, CLAIM, *values)
    assert behind["Actual Rows"] == alone["Actual Rows"] == 1
    assert _pages(behind) <= 1.3 * _pages(alone) + 20, (_pages(alone), _pages(behind))
    assert _scanned_whole(behind) & {"queue", "leads", "work_items"} == set()
    lead_id, _ = await centre.claimed()
    assert lead_id.startswith("lead_")
    mine = await _explain(centre, CLAIM, 50, [OTHER], *values[2:])
    assert mine["Actual Rows"] == 1
    assert _pages(mine) <= 2 * _pages(alone) + 50, "who has them finds the first of them as fast"
    heads = await _explain(centre, HEADS, [PROJECT], values[3])
    waiting = await _explain(centre, WAITING, [PROJECT], values[3], AGENT)
    assert max(_pages(heads), _pages(waiting)) < 50


@pytest.mark.parametrize("statement", ["candidates", "stuck"])
async def test_a3_11_who_hands_out_walks_only_what_somebody_with_room_may_have(centre: CallCentre, statement: str):
    values = await _filled(centre, SOME_KEPT)
    keys = (values[2], values[3])
    plan = (
        await _explain(centre, CANDIDATES, *keys, [""], [18], 400)
        if statement == "candidates"
        else await _explain(centre, STUCK, *keys, 200)
    )
    assert _scanned_whole(plan) & {"queue", "leads", "work_items"} == set()
    assert _pages(plan) < 5_000


async def test_a_transition_a_hold_and_a_change_of_hands_touch_only_what_they_are_about(centre: CallCentre):
    await _filled(centre, SOME_KEPT)
    gone = {
        "lead_id": "lead_1",
        "old_version": 1,
        "old_state": "queued",
        "state": "pending",
        "location": "pending",
        "attempts": 0,
        "calls": 0,
        "validated": True,
        "event": "pended",
        "data": {},
        "keeps_lock": False,
    }
    come = {**gone, "lead_id": "lead_2", "old_state": "pending", "state": "queued", "location": "queue"}
    await centre.supervise("work-items/lead_2/pend")
    for what, plan in {
        "leaves": await _explain(centre, MOVE, [gone], 1),
        "enters": await _explain(centre, MOVE, [{**come, "old_version": 2}], 1),
        "hold": await _explain(centre, HOLD, ["lead_1", "lead_2"]),
        "settle": await _explain(centre, SETTLE, [PROJECT], ["unknown"]),
    }.items():
        assert _scanned_whole(plan) & {"queue", "leads", "work_items", "agents"} == set(), what
        assert _pages(plan) < 300, (what, _pages(plan))
