"""I2.26: a partner's figures cost what its own leads cost, not what lies between them."""

from typing import Any

import msgspec
from lead_intake_svc.portal import store
from lead_intake_svc.testing import World

FILL = """
INSERT INTO leads (id, partner_id, external_id, project_id, status, test, held, location, priority, phone, content,
    problems, fingerprint, received_at)
SELECT 'lead_' || lpad(n::text, 26, '0'), 'ptr_' || n % 10, n::text, 'prj_a', 'accepted', false, false, 'queue',
    'normal', '+35840' || n, jsonb_build_object('comments', repeat('x', 300)), '[]', '', now()
FROM generate_series(1, 20000) AS n
"""


def _scans(plan: dict[str, Any]) -> list[dict[str, Any]]:
    below = [scan for child in plan.get("Plans", []) for scan in _scans(child)]
    return [plan, *below] if plan.get("Relation Name") == "leads" else below


async def test_i2_26_figures_are_read_from_the_index_alone(world: World):
    """2,000 leads of a partner among 20,000: a few pages of index, where their rows lie on more than a thousand."""
    pool = world.service.db.pool
    async with pool.acquire() as connection, connection.transaction():
        # Of what is not on disk yet a vacuum says nothing.
        await connection.execute("SET LOCAL synchronous_commit = on")
        await connection.execute(FILL)
    await world.service.as_owner("VACUUM ANALYZE leads")
    span = ("ptr_1", "lead_0", "lead_1")
    for statement, more in ((store.FIGURES, ("day", None)), (store.REASONS, (None,))):
        explained = await pool.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", *span, *more)
        (scan,) = _scans(msgspec.json.decode(explained)[0]["Plan"])
        assert (scan["Node Type"], scan["Index Name"]) == ("Index Only Scan", "leads_partner")
        assert scan["Heap Fetches"] == 0
        assert scan["Shared Hit Blocks"] + scan["Shared Read Blocks"] < 200
