"""S0.12: a dashboard costs what its period holds, not what ever happened."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from servicekit.testing import ServiceUnderTest
from sponsor_svc.statistics import store
from sponsor_svc.statistics.counting import METRICS
from sponsor_svc.statistics.log import store as log

# Ten sponsors, each with 5,000 minutes and their hours and days: of one sponsor alone some 100 pages of either table.
_BUCKETS = """
SELECT DISTINCT 'spo_' || s AS sponsor_id, g.grain, date_trunc(g.grain, now() - n * interval '1 min') AS at
FROM generate_series(0, 9) AS s, generate_series(1, 5000) AS n, (VALUES ('minute'), ('hour'), ('day')) AS g (grain)
"""
FILL = (
    f"""
    INSERT INTO counters (dimension, entity_id, grain, at, sponsor_id, {", ".join(METRICS)})
    SELECT 'sponsor', sponsor_id, grain, at, sponsor_id, {", ".join("1" for _ in METRICS)} FROM ({_BUCKETS}) AS b
    """,
    f"""
    INSERT INTO breakdowns (dimension, entity_id, grain, at, sponsor_id, kind, label, n)
    SELECT 'sponsor', sponsor_id, grain, at, sponsor_id, kind, 'any', 1
    FROM ({_BUCKETS}) AS b, (VALUES ('rejected'), ('resolved')) AS k (kind)
    """,
    "ANALYZE counters, breakdowns",
)

FILL_FACTS = (
    """
    INSERT INTO facts (id, at, lead_id, version, sponsor_id, project_id, partner_id, track, reopens, tally)
    SELECT gen_random_uuid(), now(), 'lead_' || n / 4, n % 4, 'spo_a', 'prj_a', 'ptr_a',
        CASE WHEN n % 4 = 0 THEN 'work' END, n % 200 = 0, '{}' FROM generate_series(1, 80000) AS n
    """,
    """
    INSERT INTO revised_leads (lead_id, version, stands_in)
    SELECT 'lead_' || n * 10, 2, false FROM generate_series(1, 2000) AS n
    """,
    "ANALYZE facts, revised_leads",
)


@pytest.mark.parametrize(
    ("table", "statement", "more"),
    [("counters", store.TOTALS, ()), ("breakdowns", store.SHARES, (["rejected"],))],
    ids=["totals", "shares"],
)
async def test_s0_12_what_is_outside_the_period_is_not_read(
    service: ServiceUnderTest, table: str, statement: str, more: tuple[list[str], ...]
) -> None:
    await service.as_owner(*FILL)
    now = datetime.now(UTC)
    begins, ends = (
        [now - timedelta(minutes=m) for m in (90, 80, 60)],
        [now - timedelta(minutes=m) for m in (80, 60, 30)],
    )
    period = (["minute", "minute", "minute"], begins, ends)
    asked = ("sponsor", ["spo_1"], ["spo_1"], *period, *more)
    explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}"
    (scan,) = _scans(msgspec.json.decode(await service.db.pool.fetchval(explain, *asked))[0]["Plan"], table)
    assert "at >= part.since" in scan["Index Cond"]
    assert 55 <= scan["Actual Rows"] * scan["Actual Loops"] <= 65
    assert scan["Shared Hit Blocks"] + scan["Shared Read Blocks"] < 100


@pytest.mark.parametrize("statement", [log.REVISE, log.UNDO], ids=["revise", "undo"])
async def test_s0_12_what_was_counted_of_a_lead_is_found_by_the_lead(service: ServiceUnderTest, statement: str) -> None:
    await service.as_owner(*FILL_FACTS)
    leads = [f"lead_{n * 97}" for n in range(200)]
    plan = "\n".join(row[0] for row in await service.db.pool.fetch(f"EXPLAIN {statement}", leads))
    assert "facts_leads" in plan, plan
    assert "Seq Scan on facts" not in plan, plan


def _scans(plan: dict[str, Any], table: str) -> list[dict[str, Any]]:
    below = [scan for child in plan.get("Plans", []) for scan in _scans(child, table)]
    return [plan, *below] if plan.get("Relation Name") == table else below
