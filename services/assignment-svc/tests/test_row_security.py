"""security.md, Database: the database shows an agent the leads that the agent may see, whatever is asked (A1.10)."""

from functools import partial
from importlib import import_module
from typing import Any

import pytest
from assignment_svc.agent_options.store import AgentOptions
from assignment_svc.agent_options.store import Sight as Shown
from assignment_svc.conditions import Conditions
from assignment_svc.reports.store import read_order_details
from assignment_svc.testing import AGENT, PROJECT, CallCentre, lead_ref
from assignment_svc.work_items.store import list_views
from contracts.events.values import Account, Order
from messaging.sight import EVERYTHING, NOTHING, Sight
from servicekit.testing import ServiceUnderTest
from servicekit.testing_rows import open_tables, plans_of, rows_seen

OTHER = "usr_other"
MINE = Sight(agent_id=AGENT)
PENDING = Sight(agent_id=AGENT, permissions=frozenset({"queue.request", "leads.pending.read"}))
# What everybody in the centre may know, by id: what campaigns, products and colleagues are called, who is on which
# campaign, and responsible for which account.
OPEN = {"agents", "account_responsibles", "campaign_agents", "products", "projects", "sponsors"}
FILL = """
INSERT INTO leads (lead_id, intake_version, partner_id, project_id, external_id, received_at, place_id, has_consent,
    content, first_name, last_name, phone)
SELECT 'lead_' || to_char(n, 'FM000000'), 1, 'ptr_1', 'prj_1', 'x' || n, now(), place_id, true, '{}', 'F' || n,
    'L' || n, '+35840' || n
FROM generate_series(1, 20000) AS n, (SELECT min(place_id) AS place_id FROM places) AS p
"""
FILL_ITEMS = """
INSERT INTO work_items (lead_id, version, state, location, priority, after_validation, validated, agent_id, order_id)
SELECT lead_id, 1, 'claimed', 'queue', 'normal', 'queue', true, 'usr_' || substr(external_id, 2)::int % 200,
    'ord_' || substr(external_id, 2)
FROM leads WHERE external_id ~ '^x'
"""
FILL_ORDERS = """
INSERT INTO orders (order_id, lead_id, project_id, number, status, items, edited)
SELECT 'ord_' || substr(external_id, 2), lead_id, project_id, 'P', 'partial', '[]', false
FROM leads WHERE external_id ~ '^x'
"""


async def _centre_of_two(centre: CallCentre) -> None:
    """Each agent has a lead with all that hangs on one; a third is queued, a fourth is pending."""
    await centre.agent(OTHER)
    await centre.tick(AGENT, OTHER)
    for number, agent_id in enumerate((AGENT, OTHER), 1):
        lead_id = f"lead_{number}"
        order = Order(number=f"P{number}", status="partial")
        await centre.lead(lead_id, order=order, account=Account(external_id="a", name="A"))
        assert (await centre.claimed(agent_id))[0] == lead_id
        token = await centre.service.db.pool.fetchval("SELECT token FROM locks WHERE lead_id = $1", lead_id)
        headers = centre.as_agent(agent_id, token=str(token))
        logged = await centre.write("POST", f"work-items/{lead_id}/attempts", {"outcome": "busy"}, headers)
        assert logged.status_code == 201, logged.text
    await centre.lead("lead_3", order=Order(number="P3", status="partial"))
    await centre.lead("lead_4", location="pending", order=Order(number="P4", status="partial"))


def _leads(seen: Any, table: str) -> set[str]:
    return {row["lead_id"] for row in seen[table]}


async def test_a_table_of_somebodys_rows_is_protected_or_named_here(service: ServiceUnderTest):
    assert await open_tables(service) == OPEN


async def test_a1_10_a_statement_that_asks_for_everything_shows_an_agent_own_leads_only(centre: CallCentre):
    await _centre_of_two(centre)
    seen = await rows_seen(centre.service, MINE)
    for table in ("work_items", "leads", "orders", "history", "attempts", "locks"):
        assert _leads(seen, table) == {"lead_1"}, table
    assert {table for table, rows in seen.items() if rows} == {
        *("work_items", "leads", "orders", "history", "attempts", "locks"),
    }


async def test_a2_4_pending_leads_are_shown_to_agents_with_the_permission(centre: CallCentre):
    await _centre_of_two(centre)
    seen = await rows_seen(centre.service, PENDING)
    for table in ("work_items", "leads", "orders"):
        assert _leads(seen, table) == {"lead_1", "lead_4"}, table


async def test_a1_10_an_agent_who_is_not_restricted_is_shown_the_leads_of_own_campaigns(centre: CallCentre):
    await _centre_of_two(centre)
    await centre.project("prj_2")
    await centre.lead("lead_5", lead=lead_ref("lead_5", "prj_2"))
    await centre.lead("lead_6", hold=True)
    await centre.options(restrict_to_assigned=False)
    seen = await rows_seen(centre.service, MINE)
    assert _leads(seen, "leads") == {"lead_1", "lead_2", "lead_3"}
    assert _leads(seen, "orders") == {"lead_1", "lead_2", "lead_3"}
    assert not {"lead_4", "lead_6"} & _leads(seen, "work_items")
    assert _leads(await rows_seen(centre.service, Sight(agent_id=OTHER)), "leads") == {"lead_2"}


async def test_who_is_no_agent_sees_nothing(centre: CallCentre):
    await _centre_of_two(centre)
    strangers = (Sight(partner_id="ptr_1"), Sight(sponsor_ids=frozenset({"spo_1"})), Sight(agent_id="usr_none"))
    for sight in (NOTHING, MINE, NOTHING, *strangers):
        seen = await rows_seen(centre.service, sight)
        assert sight is MINE or not any(seen.values()), sight
    everything = await rows_seen(centre.service, EVERYTHING)
    assert _leads(everything, "leads") == {"lead_1", "lead_2", "lead_3", "lead_4"}


# What is asked by an agent whose scope somebody forgot, and whether the answer is a list.
ASKED = (
    ("work-items", True),
    ("work-items/lead_2", False),
    ("work-items/lead_2/history", True),
    ("customers", True),
    ("orders", True),
    ("reports/order-details", True),
    ("reports/order-details/export", True),
)


@pytest.mark.parametrize(("path", "is_list"), ASKED)
async def test_a1_10_a_route_whose_scope_is_forgotten_still_shows_own_leads_only(
    centre: CallCentre, monkeypatch: pytest.MonkeyPatch, path: str, is_list: bool
):
    await _centre_of_two(centre)
    await _forget_scopes(monkeypatch)
    answer = await centre.service.http.get(f"/v1/{path}", headers=centre.as_agent())
    assert answer.status_code == (200 if is_list else 404), answer.text
    assert "lead_2" not in answer.text
    assert ("lead_1" in answer.text) is (is_list and "lead_2" not in path)
    boss = await centre.service.http.get(f"/v1/{path}", headers=centre.service.headers("supervisor"))
    assert "lead_2" in boss.text


async def test_a1_10_a_search_by_body_whose_scope_is_forgotten_shows_own_leads_only(
    centre: CallCentre, monkeypatch: pytest.MonkeyPatch
):
    await _centre_of_two(centre)
    await _forget_scopes(monkeypatch)
    found = await centre.write("POST", "customers/search", {"q": "Virtanen"}, centre.as_agent())
    assert [row["lead_id"] for row in found.json()["data"]] == ["lead_1"]


async def _forget_scopes(monkeypatch: pytest.MonkeyPatch) -> None:
    async def everything(*_: object) -> Shown:
        return Shown(None)

    async def anything(_: object, __: object, item: Any) -> Any:
        return item

    for module in ("customers.routes", "orders.routes", "reports.order_details", "reading.routes"):
        monkeypatch.setattr(import_module(f"assignment_svc.{module}"), "sight_of", everything)
    monkeypatch.setattr(import_module("assignment_svc.editing"), "require_readable", anything)


async def test_a3_12_an_agent_learns_why_a_lead_cannot_be_had_also_from_what_is_hidden(centre: CallCentre):
    """Suppressions and other people's locks are nobody's to read, and still explain."""
    await _centre_of_two(centre)
    why = await centre.read("work-items/lead_1/eligibility", centre.as_agent())
    assert [one["code"] for one in why["failing"]] == ["E1"]
    await centre.service.db.pool.execute(
        "INSERT INTO suppressions SELECT 'sup_x', 1, 'phone:' || phone, 'global', NULL, false FROM leads"
        " WHERE lead_id = 'lead_1'"
    )
    why = await centre.read("work-items/lead_1/eligibility", centre.as_agent())
    assert [one["code"] for one in why["failing"]] == ["E1", "E5"]


async def test_the_queue_of_own_campaigns_is_counted_though_its_leads_are_hidden(centre: CallCentre):
    await _centre_of_two(centre)
    (counted,) = (await centre.read("queue", centre.as_agent()))["data"]
    assert (counted["project_id"], counted["total"]) == (PROJECT, 1)


async def test_an_agents_lists_read_the_agents_index_as_the_restricted_role(centre: CallCentre):
    service = centre.service
    await centre.lead("lead_0")
    await service.as_owner(FILL, FILL_ITEMS, FILL_ORDERS, "ANALYZE leads, work_items, orders")
    for ask in (list_views, read_order_details):
        where = Conditions()
        Shown("usr_7", pending=False, options=AgentOptions()).narrow(where)
        plan = await plans_of(service, Sight(agent_id="usr_7"), partial(ask, where=where, limit=51))
        assert "Seq Scan on leads" not in plan, plan
        assert "Seq Scan on work_items" not in plan, plan
        assert "work_items_leads_of_agent" in plan, plan
