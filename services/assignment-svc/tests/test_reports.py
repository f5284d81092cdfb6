"""A1.6: the Order Details report, its filters, pages and export."""

import csv
from datetime import UTC, datetime

import pytest
from assignment_svc.agents.store import REPORT
from assignment_svc.testing import AGENT, CallCentre, lead_ref
from contracts.events.values import Money, Order, OrderItem, Person


async def test_a1_6_the_report_filters_pages_and_names_the_leads_agent_when_asked(centre: CallCentre):
    await centre.project("prj_2")
    for number in range(5):
        project_id = "prj_2" if number == 4 else "prj_1"
        received_at = datetime(2026, 1, 1 + number, tzinfo=UTC)
        lead = lead_ref(f"lead_{number}", project_id)
        await centre.partial(f"lead_{number}", lead=lead, received_at=received_at)
    await centre.supervise("assignments", lead_id="lead_2", agent_id=AGENT)
    await centre.write("POST", "orders", {"lead_id": "lead_1", "number": "second"})

    async def leads(query: str) -> list[str]:
        return [row["lead_id"] for row in (await centre.read(f"reports/order-details?{query}"))["data"]]

    assert await leads("") == ["lead_4", "lead_3", "lead_2", "lead_1", "lead_1", "lead_0"]
    assert await leads("project_id=prj_2") == ["lead_4"]
    assert await leads(f"agent_id={AGENT}") == ["lead_2"]
    assert await leads("state=claimed&status=partial") == ["lead_2"]
    assert await leads("from=2026-01-02T00:00:00Z&to=2026-01-04T00:00:00Z") == ["lead_2", "lead_1", "lead_1"]
    page = await centre.read("reports/order-details?limit=4")
    assert [row["number"] for row in page["data"]] == ["P1", "P1", "P1", "second"]
    rest = await centre.read(f"reports/order-details?limit=4&cursor={page['next_cursor']}")
    assert [(row["lead_id"], row["number"]) for row in rest["data"]] == [("lead_1", "P1"), ("lead_0", "P1")]
    plain = await centre.read(f"reports/order-details?agent_id={AGENT}")
    shown = await centre.read(f"reports/order-details?agent_id={AGENT}&show_leads_agent=true")
    assert plain["data"][0]["leads_agent"] is None
    assert shown["data"][0]["leads_agent"] == {"id": AGENT, "name": AGENT}
    for wrong in ("sort=total", "status=open", "state=won"):
        await centre.read(f"reports/order-details?{wrong}", status=422)


@pytest.mark.parametrize(("delimiter", "sign"), [("comma", ","), ("semicolon", ";"), ("tab", "\t"), ("pipe", "|")])
async def test_a1_6_the_export_is_rfc_4180_and_no_formula(centre: CallCentre, delimiter: str, sign: str):
    price = Money(amount_minor=990, currency="EUR")
    order = Order(
        number='=HYPERLINK("x")',
        status="partial",
        items=[OrderItem(product_code="A;B", quantity=2, unit_price=price)],
        total=Money(amount_minor=1980, currency="EUR"),
    )
    person = Person(first_name='Quo"te, the; \n|first', last_name="@SUM(1)", phone="+358401234567")
    await centre.lead("lead_1", order=order, person=person)
    headers = centre.service.headers("admin")
    answer = await centre.service.http.get(
        f"/v1/reports/order-details/export?delimiter={delimiter}&show_leads_agent=true", headers=headers
    )
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="order-details.csv"'
    assert answer.text.endswith("\r\n")
    (row,) = csv.DictReader(answer.text.splitlines(keepends=True), delimiter=sign)
    assert row["order_number"] == "'" + order.number
    assert (row["first_name"], row["last_name"]) == (person.first_name, "'@SUM(1)")
    assert (row["items"], row["total_minor"], row["leads_agent"]) == ("2 x A;B", "1980", "")


async def test_a1_6_the_export_has_every_row_once_over_several_portions(
    centre: CallCentre, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("assignment_svc.reports.order_details._PORTION", 3)
    for number in range(7):
        await centre.partial(f"lead_{number}")
    text = await centre.read("reports/order-details/export")
    assert [line.split(",")[7] for line in text.splitlines()[1:]] == [f"lead_{number}" for number in range(6, -1, -1)]


@pytest.mark.parametrize("level", ["call_centre", "sponsor", "partner", "integration"])
async def test_a1_6_reports_are_for_the_call_centre_only(centre: CallCentre, level: str):
    headers = centre.service.headers(level, sponsor_id="spo_1", partner_id="ptr_1")
    for path in ("reports/order-details", "reports/order-details/export", "customers", "assignments/batch"):
        await centre.read(path, headers, status=403)
        assert (await centre.service.http.get(f"/v1/{path}")).status_code == 401


async def test_a1_2_the_leads_agent_report_is_one_statement_over_two_indexes(centre: CallCentre):
    """However much history there is, ten entries of each assigned lead are walked."""
    await centre.lead()
    plan = await centre.service.db.pool.fetch(f"EXPLAIN {REPORT}", AGENT)
    text = "\n".join(row[0] for row in plan)
    assert "work_items_agent" in text or "work_items_leads_of_agent" in text
    assert "history_lead" in text
