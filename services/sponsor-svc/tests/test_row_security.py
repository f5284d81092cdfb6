"""security.md, Database: the database shows a sponsor its own rows, and an agent names, whatever is asked."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from contracts.events.intake import LeadAcceptedV1
from messaging.sight import NOTHING, Sight
from servicekit.testing import ServiceUnderTest
from servicekit.testing_rows import open_tables, plans_of, rows_seen
from sponsor_svc.contact_lists import store as contact_lists
from sponsor_svc.products import store as products
from sponsor_svc.projects import store as projects
from sponsor_svc.scope import Scope
from sponsor_svc.statistics import store as statistics
from sponsor_svc.statistics.periods import Part

OPEN: set[str] = set()
MINE = Sight(sponsor_ids=frozenset({"spo_a"}))
AGENT = Sight(agent_id="usr_1")
FILL = (
    """
    INSERT INTO sponsors (id, name, name_key, status)
    SELECT 'spo_' || n, 'S' || n, 's' || n, 'active' FROM generate_series(1, 200) AS n
    """,
    """
    INSERT INTO projects (id, name, kind, state, sponsor_id, call_centre_validation, after_validation,
        written_confirmation, region, calling_hours, queue, duplicates, checks)
    SELECT 'prj_' || to_char(n, 'FM000000'), 'P', 'outbound', 'active', 'spo_' || 1 + n % 200, false, 'queue', false,
        'FI', '{}', '{}', '{}', '{}' FROM generate_series(1, 10000) AS n
    """,
    """
    INSERT INTO products (id, name, name_key, code, code_key, sponsor_id)
    SELECT 'prd_' || to_char(n, 'FM000000'), 'P' || n, 'p' || n, 'C' || n, 'c' || n, 'spo_' || 1 + n % 200
    FROM generate_series(1, 10000) AS n
    """,
    """
    INSERT INTO contact_lists (id, name, sponsor_id, time_zone, expired)
    SELECT 'lst_' || to_char(n, 'FM000000'), 'L', 'spo_' || 1 + n % 200, 'UTC', false
    FROM generate_series(1, 10000) AS n
    """,
)
FILL_COUNTERS = """
INSERT INTO counters SELECT 'sponsor', 'spo_' || s, 'hour', now() - make_interval(hours => n), 'spo_' || s{zeros}
FROM generate_series(1, 40) AS s, generate_series(1, 500) AS n
"""


async def test_a_table_of_somebodys_rows_is_protected_or_named_here(service: ServiceUnderTest):
    assert await open_tables(service) == OPEN


@pytest.mark.usefixtures("two_sponsors")
async def test_s0_11_a_statement_that_asks_for_everything_shows_a_sponsor_its_own(
    service: ServiceUnderTest, consumer: Any, events: Any
):
    await consumer.hear(events().of(LeadAcceptedV1))
    seen = await rows_seen(service, MINE)
    assert [row["id"] for row in seen["sponsors"]] == ["spo_a"]
    assert [row["sponsor_id"] for row in seen["projects"]] == ["spo_a"]
    assert {row["sponsor_id"] for row in seen["counters"]} <= {"spo_a"}
    assert not seen["facts"]
    assert not seen["crm_contacts"]


@pytest.mark.usefixtures("two_sponsors")
async def test_an_agency_sees_the_rows_of_its_sponsors(service: ServiceUnderTest):
    seen = await rows_seen(service, Sight(sponsor_ids=frozenset({"spo_a", "spo_b"})))
    assert sorted(row["id"] for row in seen["sponsors"]) == ["spo_a", "spo_b"]


@pytest.mark.usefixtures("two_sponsors")
async def test_an_agent_sees_names_and_no_figures(service: ServiceUnderTest):
    seen = await rows_seen(service, AGENT)
    assert sorted(row["id"] for row in seen["projects"]) == ["prj_a", "prj_b"]
    assert not seen["counters"]
    assert not seen["breakdowns"]


@pytest.mark.usefixtures("two_sponsors")
async def test_who_is_nobody_sees_nothing(service: ServiceUnderTest):
    for sight in (NOTHING, MINE, NOTHING, Sight(partner_id="ptr_1")):
        seen = await rows_seen(service, sight)
    assert not any(seen.values())


@pytest.mark.usefixtures("two_sponsors")
@pytest.mark.parametrize("feature", ["sponsors", "projects", "products", "contact_lists"])
async def test_a_route_whose_scope_is_forgotten_still_shows_own_rows_only(
    service: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch, feature: str
):
    monkeypatch.setattr(f"sponsor_svc.{feature}.routes.scope_of", _everything)
    headers = service.headers("sponsor", sponsor_id="spo_a")
    answer = await service.http.get(f"/v1/{feature.replace('_', '-')}", headers=headers)
    assert answer.status_code == 200
    assert "spo_b" not in answer.text
    assert "prj_b" not in answer.text


async def test_the_lists_read_their_indexes_as_the_restricted_role(service: ServiceUnderTest):
    for statement in FILL:
        await service.db.pool.execute(statement)
    await service.as_owner("ANALYZE projects", "ANALYZE products", "ANALYZE contact_lists")
    sight, scope = Sight(sponsor_ids=frozenset({"spo_7"})), Scope(("spo_7",))
    of_projects = projects.Wanted(sponsor_id=None, state=None, kind=None, before="prj_005000", limit=51)
    of_lists = contact_lists.Wanted(sponsor_id=None, project_id=None, expired=None, before="lst_005000", limit=51)
    asked: dict[str, Callable[[Any], Awaitable[Any]]] = {
        "projects": lambda work: projects.list_page(work, scope, of_projects),
        "contact_lists": lambda work: contact_lists.list_page(work, scope, of_lists),
    }
    for sort in products.LISTS:
        of_products = products.Wanted(sponsor_id=None, sort=sort, after=None, limit=51)
        asked[f"products by {sort}"] = partial(products.list_page, scope=scope, wanted=of_products)
    for what, ask in asked.items():
        plan = await plans_of(service, sight, ask)
        assert f"Seq Scan on {what.split()[0]}" not in plan, plan


async def test_statistics_read_their_key_as_the_restricted_role(service: ServiceUnderTest):
    columns = await service.db.pool.fetchval("SELECT count(*) FROM pg_attribute WHERE attrelid = 'counters'::regclass"
                                             " AND attnum > 5 AND NOT attisdropped")  # fmt: skip
    await service.db.pool.execute(FILL_COUNTERS.format(zeros=", 0" * columns))
    await service.as_owner("ANALYZE counters")
    now = datetime.now(UTC)
    rows = statistics.Slice("sponsor", ("spo_7",), ("spo_7",))
    parts = [Part("hour", now - timedelta(hours=30), now)]
    sight = Sight(sponsor_ids=frozenset({"spo_7"}))
    plan = await plans_of(service, sight, lambda work: statistics.read_shares(work, rows, parts))
    plan += await plans_of(service, sight, lambda work: statistics.read_series(work, rows, parts[0], 50))
    assert "Seq Scan on counters" not in plan, plan
    assert "counters_pkey" in plan, plan


def _everything(*_: object) -> Scope:
    """A scope that somebody forgot."""
    return Scope()
