"""How PostgreSQL answers the lists, the next case and a release at 200,000 cases."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from servicekit.testing import ServiceUnderTest
from validation_svc.cases.store import COLUMNS
from validation_svc.listing.store import CaseFilters, select_cases
from validation_svc.next_case.store import TAKE
from validation_svc.releases.store import RELEASE

CASES = 200_000
# Most cases are decided, as in a centre that has run for a year; 40 projects and 60 partners of different size.
FILL = """
INSERT INTO cases (
    lead_id, partner_id, project_id, state, attempts, received_at, due_at, lead_version, content, first_check_valid
)
SELECT 'lead_' || lpad(n::text, 8, '0'), 'ptr_' || (n % 97) % 60, 'prj_' || (n % 57) % 40,
    (ARRAY['confirmed', 'confirmed', 'rejected', 'confirmed', 'released', 'confirmed', 'rejected', 'unconfirmed',
           'confirmed', 'exhausted'])[1 + n % 10],
    (n * 7919 % 100) / 20, now() - make_interval(mins => 500000 - 2 * n), now() - make_interval(mins => 500000 - 2 * n),
    1, '{"problems": [], "person": {"phone": "+358401234567"}}', n % 50 <> 0
FROM generate_series(1, $1) AS n
"""
MOST_ROWS = 3_000
HALF_WAY = datetime.now(UTC) - timedelta(minutes=300_000)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


async def rows_looked_at(service: ServiceUnderTest, query: str, parameters: list[Any], *, sorts: bool) -> int:
    """Of `cases`; fails for a plan that reads the whole table, or sorts where it need not."""
    async with service.db.pool.acquire() as connection, connection.transaction():
        for statement in ("SET LOCAL jit = off", "SET LOCAL plan_cache_mode = force_generic_plan"):
            await connection.execute(statement)
        [row] = await connection.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", *parameters)
    found = list(nodes(json.loads(row[0])[0]["Plan"]))
    looked = 0
    for node in found:
        assert node["Node Type"] != "Seq Scan" or node.get("Relation Name") != "cases", query
        assert sorts or node["Node Type"] not in {"Sort", "Incremental Sort"}, query
        if node.get("Relation Name") == "cases":
            looked += (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    return looked


async def test_no_list_reads_more_than_it_needs_at_200_000_cases(service: ServiceUnderTest):
    """Each filter, and those that are used together, from the first page and from the middle, for either projection."""
    await service.db.pool.execute(FILL, CASES)
    await service.as_owner("VACUUM ANALYZE cases")
    wanted: list[dict[str, Any]] = [
        {},
        *({"status": state} for state in ("unconfirmed", "exhausted", "confirmed", "rejected", "released")),
        {"project_id": "prj_3"},
        {"project_id": "prj_3", "status": "unconfirmed"},
        {"project_id": "prj_39", "status": "rejected"},
        {"attempts": 4},
        {"attempts": 4, "project_id": "prj_3"},
        {"attempts": 4, "status": "unconfirmed"},
        {"partner_id": "ptr_59"},
        {"partner_id": "ptr_1", "status": "unconfirmed"},
        {"older_than_hours": 24},
        {"younger_than_hours": 24 * 100},
        {"younger_than_hours": 24 * 100, "project_id": "prj_3"},
    ]
    for filters in wanted:
        for sees_all in (True, False):
            for after in (None, (HALF_WAY, "lead_x")):
                chosen = CaseFilters(sees_all=sees_all, **filters)
                query, parameters = select_cases(COLUMNS, chosen, after, 26)
                looked = await rows_looked_at(service, query, parameters, sorts=False)
                assert looked <= MOST_ROWS, (filters, after, looked)
    lease = timedelta(minutes=5)
    for project_id in (None, "prj_39"):
        looked = await rows_looked_at(service, TAKE, [f"usr_{project_id}", False, lease, project_id], sorts=False)
        assert looked <= 100
    looked = await rows_looked_at(service, RELEASE, ["prj_39", 500], sorts=True)
    assert looked <= 4 * MOST_ROWS
