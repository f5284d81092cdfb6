"""security.md, Database: the database shows a partner, a sponsor and an agent their own rows, whatever is asked."""

from importlib import import_module
from typing import Any

import asyncpg
import pytest
from lead_intake_svc.imports.store import fetch_rows
from lead_intake_svc.leads.filters import Filters
from lead_intake_svc.leads.store import fetch_page
from lead_intake_svc.returns.store import Wanted
from lead_intake_svc.returns.store import fetch_page as fetch_returns
from lead_intake_svc.scope import EVERYTHING, Scope, of_partner
from lead_intake_svc.testing import World, bearer, lead
from messaging.sight import NOTHING, Sight, seeing
from servicekit.testing import ServiceUnderTest
from servicekit.testing_rows import open_tables, plans_of, rows_seen

# The projection of projects is nobody's secret.
OPEN = {"projects"}
FILL = """
INSERT INTO leads (id, partner_id, external_id, project_id, sponsor_id, status, test, held, location, priority, content,
    problems, fingerprint, received_at, phone)
SELECT 'lead_' || to_char(n, 'FM0000000'), 'ptr_' || n % 50, 'x' || n, 'prj_' || n % 5, 'spo_' || n % 20, 'accepted',
    false, false, 'queue', 'normal', '{}', '[]', '', now(), '+35840' || n
FROM generate_series(1, 20000) AS n
"""
IMPORT = """
INSERT INTO imports (id, partner_id, project_id, state, file_name, file_hash, file_bytes, format, encoding, delimiter,
    columns, mapping, options, test, again, rows_total, created_by)
VALUES ($1, $2, 'prj_a', 'completed', 'a.csv', sha256($1::text::bytea), 1, 'csv', 'utf-8', ',', '[]', '{}', '{}', false,
    true, 1, 'usr_1')
"""
FILL_ROWS = """
INSERT INTO import_rows (import_id, line, result)
SELECT 'imp_' || i, n, 'accepted' FROM generate_series(1, 20) AS i, generate_series(1, 2000) AS n
"""
FILL_PROGRESS = "INSERT INTO lead_progress (lead_id, work_state) SELECT id, 'queued' FROM leads"
FILL_RETURNS = """
INSERT INTO returns (id, kind, lead_id, partner_id, project_id, state, reason, on_no_answer, requested_at, answer_by)
SELECT 'ret_' || to_char(n, 'FM0000000'), 'purchase', 'lead_' || n, 'ptr_' || n % 50, 'prj_1', 'requested', 'other',
    'accept', now(), now() FROM generate_series(1, 20000) AS n
"""


@pytest.fixture
async def other(world: World) -> World:
    """Another partner with a lead of its own, an agent on it, and a return; the first one has the same."""
    await world.project("prj_b", sponsor_id="spo_b")
    partner_id = await world.partner(name="Other", buys_leads=True)
    other = World(world.service, partner_id, await world.issue(partner_id))
    await world.noticed()
    for who, agent in ((world, "usr_1"), (other, "usr_2")):
        made = (await who.push(lead(project_id="prj_b" if who is other else "prj_a"))).json()
        await world.service.db.pool.execute(
            "INSERT INTO lead_progress (lead_id, work_state, work_agent_id) VALUES ($1, 'claimed', $2)"
            " ON CONFLICT (lead_id) DO UPDATE SET work_state = 'claimed', work_agent_id = $2",
            made["id"],
            agent,
        )
        await world.service.db.pool.execute(IMPORT, f"imp_{agent}", who.partner_id)
        await world.service.db.pool.execute("INSERT INTO import_rows VALUES ($1, 1, 'invalid')", f"imp_{agent}")
        returned = await world.http.post(
            "/v1/returns", json={"lead_ids": [made["id"]], "reason": "other", "comment": "x"},
            headers=world.service.headers(),
        )  # fmt: skip
        assert returned.json()["results"][0]["status"] == "ok", returned.text
    return other


async def test_a_table_of_somebodys_rows_is_protected_or_named_here(service: ServiceUnderTest):
    assert await open_tables(service) == OPEN


async def test_a_statement_that_asks_for_everything_shows_a_partner_its_own(world: World, other: World):
    seen = await rows_seen(world.service, Sight(partner_id=world.partner_id))
    for table, column in {
        "leads": "partner_id", "lead_identities": "partner_id", "partners": "id", "partner_keys": "partner_id",
        "returns": "partner_id",
    }.items():  # fmt: skip
        assert {row[column] for row in seen[table]} == {world.partner_id}, table
    mine = {row["id"] for row in seen["leads"]}
    assert {row["lead_id"] for row in seen["timeline"]} <= mine
    assert {row["lead_id"] for row in seen["lead_progress"]} == mine
    assert {row["import_id"] for row in seen["import_rows"]} == {"imp_usr_1"}
    assert not any(seen[table] for table in ("suppressions", "erasures", "erased_leads", "legal_holds", "sale_rules"))


async def test_a_statement_that_asks_for_everything_shows_a_sponsor_its_own(world: World, other: World):
    seen = await rows_seen(world.service, Sight(sponsor_ids=frozenset({"spo_b", "spo_unknown"})))
    assert {row["partner_id"] for row in seen["leads"]} == {other.partner_id}
    assert {row["lead_id"] for row in seen["lead_progress"]} == {row["id"] for row in seen["leads"]}
    assert not seen["partners"]
    assert not seen["partner_keys"]


async def test_a_statement_that_asks_for_everything_shows_an_agent_the_leads_in_hand(world: World, other: World):
    seen = await rows_seen(world.service, Sight(agent_id="usr_2"))
    assert [row["partner_id"] for row in seen["leads"]] == [other.partner_id]
    assert [row["work_agent_id"] for row in seen["lead_progress"]] == ["usr_2"]


async def test_who_is_nobody_sees_nothing(world: World, other: World):
    """Settings that were never made, and those that an earlier transaction of the connection left empty."""
    for sight in (NOTHING, Sight(partner_id=world.partner_id), NOTHING):
        seen = await rows_seen(world.service, sight)
    assert not any(seen.values())
    connection = await asyncpg.connect(world.service.dsn)
    await connection.execute(f"SET ROLE {await connection.fetchval('SELECT session_user')}_restricted")
    assert await connection.fetch("SELECT * FROM leads") == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetch("SELECT * FROM outbox")
    await connection.close()


async def test_the_owner_of_the_schema_sees_nothing_either(world: World, other: World):
    connection = await asyncpg.connect(world.service.owner_dsn)
    assert await connection.fetchval("SELECT count(*) FROM leads") == 0
    await connection.close()


# Where, which scope is forgotten, what is seen without it, and the question.
SCOPED = (
    ("leads.routes", "lists_of", EVERYTHING, "/v1/leads"),
    ("exports.routes", "lists_of", EVERYTHING, "/v1/leads/export?format=json"),
    ("leads.routes", "single_of", EVERYTHING, "/v1/leads/{foreign}"),
    ("leads.routes", "single_of", EVERYTHING, "/v1/leads/{foreign}/timeline"),
    ("returns.routes", "partners_of", None, "/v1/returns"),
    ("sales.routes", "partners_of", None, "/v1/sales"),
    ("imports.routes", "partners_of", None, "/v1/imports"),
    ("import_mappings.routes", "partners_of", None, "/v1/imports/mappings"),
    ("credits.routes", "partners_of", None, "/v1/partners/{partner}/credits"),
    ("portal.routes", "partners_of", None, "/v1/partners/{partner}/performance"),
)


@pytest.mark.parametrize("scoped", SCOPED)
async def test_a_route_whose_scope_is_forgotten_still_shows_own_rows_only(
    world: World, other: World, monkeypatch: pytest.MonkeyPatch, scoped: tuple[str, str, Any, str]
):
    module, scope, forgotten, path = scoped

    def everything(*_: object) -> Any:
        return forgotten

    monkeypatch.setattr(import_module(f"lead_intake_svc.{module}"), scope, everything)
    foreign = await world.service.db.pool.fetchval("SELECT id FROM leads WHERE partner_id = $1", other.partner_id)
    answer = await world.http.get(path.format(foreign=foreign, partner=other.partner_id), headers=bearer(world.key))
    assert answer.status_code == (404 if "{" in path else 200), answer.text
    assert foreign not in answer.text
    assert other.partner_id not in answer.text


async def test_a_search_whose_scope_is_forgotten_still_finds_own_rows_only(
    world: World, other: World, monkeypatch: pytest.MonkeyPatch
):
    """It reads, though it is a POST; also where the answer is asked for once."""

    def everything(*_: object) -> Scope:
        return EVERYTHING

    monkeypatch.setattr(import_module("lead_intake_svc.leads.routes"), "lists_of", everything)
    for more in ({}, {"Idempotency-Key": "one"}):
        answer = await world.http.post("/v1/leads/search", json={}, headers=bearer(world.key) | more)
        assert [each["partner_id"] for each in answer.json()["data"]] == [world.partner_id]


async def test_progress_of_a_lead_says_whose_it_is_whoever_writes_it(world: World, other: World):
    """Also the release before, and an erasure, which do not say it themselves."""
    both = "p.partner_id, p.sponsor_id, l.partner_id, l.sponsor_id"
    query = f"SELECT {both} FROM lead_progress AS p JOIN leads AS l ON l.id = p.lead_id"
    rows = [tuple(row) for row in await world.service.db.pool.fetch(query)]
    assert len(rows) == 2
    assert all(row[:2] == row[2:] for row in rows)


async def test_a_route_that_asks_nobody_who_calls_reads_nothing(world: World):
    """A pool sees every row: to somebody with a restricted sight it is not given."""
    with seeing(NOTHING), pytest.raises(RuntimeError, match="unit of work"):
        _ = world.service.db.pool


@pytest.mark.parametrize(
    ("scope", "sight", "index"),
    [
        (of_partner("ptr_7"), Sight(partner_id="ptr_7"), "leads_partner"),
        (Scope("l.sponsor_id", ("spo_7",), staff=False), Sight(sponsor_ids=frozenset({"spo_7"})), "leads_sponsor"),
    ],
)
async def test_the_list_of_leads_reads_its_index_as_the_restricted_role(
    service: ServiceUnderTest, scope: Scope, sight: Sight, index: str
):
    await service.db.pool.execute(FILL)
    await service.db.pool.execute(FILL_PROGRESS)
    await service.as_owner("ANALYZE leads, lead_progress")
    for filters in (Filters(), Filters(before="lead_0010000"), Filters(project_id="prj_2"), Filters(external_id="x57")):
        plan = await plans_of(service, sight, lambda work, f=filters: fetch_page(work, scope, f, 51))
        assert "Seq Scan on lead" not in plan, plan
        assert index in plan or "leads_external" in plan, plan


async def test_the_rows_of_a_file_are_read_by_their_index_as_the_restricted_role(service: ServiceUnderTest):
    await service.db.pool.execute(FILL_ROWS)
    await service.as_owner("ANALYZE import_rows")
    plan = await plans_of(service, Sight(partner_id="ptr_7"), lambda work: fetch_rows(work, "imp_7", 100, None, 51))
    assert "import_rows_pkey" in plan, plan
    assert "Sort" not in plan, plan


async def test_the_list_of_returns_reads_its_index_as_the_restricted_role(service: ServiceUnderTest):
    await service.db.pool.execute(FILL_RETURNS)
    await service.as_owner("ANALYZE returns")
    wanted = Wanted(own="ptr_7", before="ret_0010000")
    plan = await plans_of(service, Sight(partner_id="ptr_7"), lambda work: fetch_returns(work, wanted, 51))
    assert "returns_partner" in plan, plan
