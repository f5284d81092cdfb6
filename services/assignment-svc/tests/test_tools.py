"""A3.8: opportunity tools in agents' hands."""

from typing import Any

from assignment_svc.testing import PROJECT, CallCentre
from assignment_svc.tools.rules import filled
from contracts.events.assignment import (
    OpportunityCreatedV1,
)
from contracts.events.values import Account


async def _tool(centre: CallCentre, **fields: Any) -> Any:
    tool: dict[str, Any] = {
        "name": "Solar",
        "description": "Make an offer",
        "module": "energy",
        "fields": [
            {"name": "first_name"},
            {"name": "size", "default": 3},
            {"name": "stage", "editable": False, "default": "new"},
            {"name": "roof", "default": "flat"},
            {"name": "secret", "active": False, "default": "x"},
        ],
    }
    return await centre.write("POST", f"campaigns/{PROJECT}/tools", {**tool, **fields})


async def test_a3_8_using_a_tool_makes_an_opportunity_with_account_and_contact_linked(centre: CallCentre):
    account = Account(external_id="acc_1", name="Virtanen Oy", fields={"industry": "Construction"})
    await centre.lead("lead_1", account=account, custom={"roof": "steep", "size": 9})
    _, token = await centre.claimed()
    tool_id = (await _tool(centre)).json()["id"]
    made = await centre.step("lead_1", "opportunities", token, tool_id=tool_id, fields={"size": 5})
    assert made.status_code == 201, made.text
    assert made.json()["fields"] == {"first_name": "Aino", "size": 5, "stage": "new", "roof": "flat"}
    (event,) = await centre.service.published(OpportunityCreatedV1)
    assert isinstance(event, OpportunityCreatedV1)
    assert (event.account, event.contact.last_name, event.tool) == (account, "Virtanen", "Solar")
    assert (await centre.told())[-1] == "opportunity.created 3"
    listed = await centre.read("opportunities?lead_id=lead_1", centre.as_agent())
    assert [row["id"] for row in listed["data"]] == [made.json()["id"]]
    assert (await centre.read("opportunities", centre.as_agent("usr_other")))["data"] == []


async def test_a3_8_fields_that_may_not_be_edited_are_named(centre: CallCentre):
    await centre.lead()
    _, token = await centre.claimed()
    tool_id = (await _tool(centre)).json()["id"]
    for fields, status, pointer in (
        ({"stage": "won"}, 403, "/fields/stage"),
        ({"secret": "y"}, 422, "/fields/secret"),
        ({"account": "acc_2"}, 422, "/fields/account"),
    ):
        refused = await centre.step("lead_1", "opportunities", token, tool_id=tool_id, fields=fields)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (status, pointer)
    unknown = await centre.step("lead_1", "opportunities", token, tool_id="tol_x")
    assert unknown.json()["code"] == "tool-unknown"
    assert (await centre.step("lead_1", "opportunities", tool_id=tool_id)).status_code == 423


async def test_a3_8_tools_are_checked_changed_and_kept_when_used(centre: CallCentre):
    for name in ("account", "contact", "account_id", "contact_id", "Size", ""):
        assert (await _tool(centre, fields=[{"name": name}])).status_code == 422, name
    assert (await _tool(centre, fields=[{"name": "a"}, {"name": "a"}])).status_code == 422
    used, unused = (await _tool(centre)).json()["id"], (await _tool(centre)).json()["id"]
    path = f"campaigns/{PROJECT}/tools"
    await centre.lead()
    _, token = await centre.claimed()
    changed = await centre.write("PATCH", f"{path}/{used}", {"fields": [{"name": "size", "default": 1}]})
    assert (changed.json()["version"], changed.json()["name"]) == (2, "Solar")
    made = await centre.step("lead_1", "opportunities", token, tool_id=used)
    assert made.json()["fields"] == {"size": 1}, "usable at once after saving"
    assert (await centre.write("DELETE", f"{path}/{unused}", None)).status_code == 204
    kept = await centre.write("DELETE", f"{path}/{used}", None)
    assert (kept.status_code, kept.json()["active"]) == (200, False)
    assert (await centre.step("lead_1", "opportunities", token, tool_id=used)).status_code == 422
    assert [row["id"] for row in (await centre.read(path, centre.as_agent()))["data"]] == [used]
    await centre.read(f"{path}/{unused}", status=404)


def test_a3_8_an_edit_comes_before_the_default_and_that_before_what_is_known():
    field = {"name": "a", "active": True, "editable": True, "default": None}
    with_default = {**field, "default": "default"}
    assert filled([with_default], {"a": "edit"}, {"a": "known"}) == {"a": "edit"}
    assert filled([with_default], {}, {"a": "known"}) == {"a": "default"}
    assert filled([field], {}, {"a": "known"}) == {"a": "known"}
    assert filled([field], {}, {}) == {}
