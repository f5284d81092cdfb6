"""`GET /v1/leads/export` (I2.20)."""

import csv
import io
import json
from typing import Any

import httpx2
import pytest
import python_calamine
from contracts.events.sponsor import DuplicateRules
from lead_intake_svc.testing import World, bearer, lead

NASTY: list[dict[str, Any]] = [
    {"comments": "=1+1", "first_name": "-Maija", "custom": {"utm": "@home"}},
    {"comments": 'Says "hello";\nand, then, goes\tau revoir', "phone": None, "last_name": "O'Neill"},
    {"comments": "+358 is Finland", "address": {"street": "Ähtärintie 1", "postcode": "00100", "city": "Åbo"}},
    {
        "consent": {"given_at": "2026-01-02T08:30:00Z", "text": "Yes, call me", "ip": "192.0.2.7"},
        "order": {
            "number": "007",
            "status": "partial",
            "items": [{"product_code": "SKU", "quantity": 2, "unit_price": {"amount_minor": 1250, "currency": "EUR"}}],
            "total": {"amount_minor": 2500, "currency": "EUR"},
        },
    },
    {"account": {"external_id": "acc-1", "name": "Yritys Oy"}, "location": "pending"},
]


async def export(world: World, headers: dict[str, str] | None = None, **query: Any) -> httpx2.Response:
    found = await world.http.get("/v1/leads/export", params=query, headers=headers or bearer(world.key))
    assert found.status_code == 200, found.text
    return found


def table(found: httpx2.Response, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(found.text.removeprefix("\ufeff"), newline=""), delimiter=delimiter))


async def test_i2_20_an_export_has_the_filters_of_the_list_the_columns_and_the_delimiter(world: World):
    await world.project("prj_b")
    for n in range(450):
        await world.accepted(project_id="prj_b" if n % 3 else "prj_a", external_id=f"n-{n}")
    rows = table(await export(world, project_id="prj_a", columns="external_id, phone", delimiter="semicolon"), ";")
    assert [row["external_id"] for row in rows] == [f"n-{n}" for n in reversed(range(0, 450, 3))]
    assert set(rows[0]) == {"external_id", "phone"}
    assert len(table(await export(world))) == 450
    lines = (await export(world, format="json", columns="external_id")).text.splitlines()
    assert json.loads(lines[0]) == {"external_id": "n-449"}
    assert len(lines) == 450
    whole = json.loads((await export(world, format="json")).text.splitlines()[0])
    shown = await world.http.get(f"/v1/leads/{whole['id']}", headers=bearer(world.key))
    assert whole == shown.json()


async def test_i2_20_what_a_spreadsheet_would_calculate_is_neutralised_and_phone_numbers_stay_in_typed_formats(
    world: World,
):
    await world.accepted(**NASTY[0])
    (row,) = table(await export(world, columns="first_name,comments,phone,custom.utm"))
    assert [row[name][0] for name in ("first_name", "comments", "phone", "custom.utm")] == ["'"] * 4
    packed = (await export(world, format="xlsx", columns="first_name,comments,phone,custom.utm")).content
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(packed)).get_sheet_by_index(0)
    (pushed,) = await world.rows("SELECT phone FROM leads")
    assert sheet.to_python()[1] == ["-Maija", "=1+1", pushed["phone"], "@home"]
    (line,) = (await export(world, format="json", columns="phone")).text.splitlines()
    assert json.loads(line)["phone"] == pushed["phone"]


@pytest.mark.parametrize("query", [{}, {"delimiter": "tab"}, {"format": "xlsx"}], ids=["csv", "tab", "xlsx"])
async def test_i2_20_an_export_can_be_imported_again_and_nothing_is_lost(world: World, query: dict[str, Any]):
    await world.project(sequence=2, duplicates=DuplicateRules(window_days=0))
    for changes in NASTY:
        await world.accepted(**changes)
    columns = "external_id,first_name,last_name,phone,email,location,comments,address.street,address.postcode,"
    columns += "address.city,consent.given_at,consent.text,consent.ip,order.number,order.status,order.total,"
    columns += "order.currency,order.product_code,order.quantity,order.unit_price,account.external_id,account.name"
    exported = (await export(world, **query, columns=f"{columns},custom.utm,status,id")).content
    other = await world.partner(name="Other")
    key = await world.issue(other)
    sent = await world.http.post(
        "/v1/imports", data={"project_id": "prj_a"}, files={"file": ("a", exported)}, headers=bearer(key)
    )
    assert sent.status_code == 201, sent.text
    await world.import_files()
    select = "SELECT external_id, first_name, last_name, phone, email, location, content FROM leads"
    mine = await world.rows(f"{select} WHERE partner_id = $1 ORDER BY external_id", world.partner_id)
    theirs = await world.rows(f"{select} WHERE partner_id = $1 ORDER BY external_id", other)
    assert [dict(row) for row in theirs] == [dict(row) for row in mine]


async def test_i2_20_everybody_exports_what_they_may_see(world: World):
    await world.project("prj_s", sponsor_id="spo_a")
    await world.accepted(project_id="prj_s", comments="Only for us")
    other = await world.partner(name="Other")
    await world.push(lead(), key=await world.issue(other))
    names = "partner_id,sponsor_id,comments"
    assert len(table(await export(world, world.service.headers("supervisor"), columns=names))) == 2
    (own,) = table(await export(world, columns=names))
    assert own["partner_id"] == world.partner_id
    (sponsored,) = table(await export(world, world.service.headers("sponsor", sponsor_id="spo_a"), columns=names))
    assert (sponsored["sponsor_id"], sponsored["comments"]) == ("spo_a", "")
    agent = await world.http.get("/v1/leads/export", headers=world.service.headers("leads_agent"))
    assert agent.status_code == 403


@pytest.mark.parametrize("query", [{}, {"format": "xlsx"}], ids=["csv", "xlsx"])
async def test_i2_20_an_export_without_named_columns_is_whole_too(world: World, query: dict[str, Any]):
    """Free fields with their types, orders of several items, what nests."""
    await world.project(sequence=2, duplicates=DuplicateRules(window_days=0))
    price = {"amount_minor": 1250, "currency": "EUR"}
    items = [{"product_code": code, "quantity": 2, "unit_price": price} for code in ("A", "B;C")]
    for changes in (
        *NASTY,
        {"custom": {"size": 12, "roof": {"kind": "flat", "old": True}, "utm": "=1"}, "comments": "x"},
        {
            "address": {"city": "Turku", "floor": 3, "door": "B"},
            "order": {"number": "8", "status": "partial", "items": items},
        },
        {"account": {"external_id": "acc-2", "fields": {"staff": 7, "tags": ["a", "b"]}}},
    ):
        await world.accepted(**changes)
    exported = (await export(world, **query)).content
    other = await world.partner(name="Other")
    form, files = {"project_id": "prj_a"}, {"file": ("a", exported)}
    sent = await world.http.post("/v1/imports", data=form, files=files, headers=bearer(await world.issue(other)))
    assert sent.status_code == 201, sent.text
    await world.import_files()
    select = "SELECT external_id, first_name, last_name, phone, email, location, content FROM leads"
    mine = await world.rows(f"{select} WHERE partner_id = $1 ORDER BY external_id", world.partner_id)
    theirs = await world.rows(f"{select} WHERE partner_id = $1 ORDER BY external_id", other)
    assert [dict(row) for row in theirs] == [dict(row) for row in mine]


@pytest.mark.parametrize("columns", ["", "shoe_size", "phone,phone", "address.", "consent.mood", ","])
async def test_unknown_columns_are_refused(world: World, columns: str):
    refused = await world.http.get("/v1/leads/export", params={"columns": columns}, headers=bearer(world.key))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "?columns")
