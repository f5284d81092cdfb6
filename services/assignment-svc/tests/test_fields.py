"""A3.5: which fields show and are editable is the campaign's to say, and the server's to enforce."""

from typing import Any

from assignment_svc.testing import PROJECT, CallCentre
from contracts.events.assignment import LeadEditedV1
from contracts.events.intake import LeadUpdatedV1
from contracts.events.values import Account
from httpx2 import Response

FIELDS = f"campaigns/{PROJECT}/fields"


async def _editable(centre: CallCentre, *names: str) -> Response:
    return await centre.write("PUT", FIELDS, {"fields": [{"name": name, "editable": True} for name in names]})


async def _edit(centre: CallCentre, token: str | None, **fields: Any) -> Response:
    wanted = {name.replace("__", "."): value for name, value in fields.items()}
    return await centre.write("PATCH", "work-items/lead_1", {"fields": wanted}, centre.as_agent(token=token))


async def test_a3_5_fields_keep_their_order_and_by_default_none_is_editable(centre: CallCentre):
    default = await centre.read(FIELDS, centre.as_agent())
    assert [field["name"] for field in default["fields"]][:3] == ["first_name", "last_name", "phone"]
    assert not any(field["editable"] for field in default["fields"])
    wanted = [
        {"name": "account.industry", "in_view": False, "on_page": True, "editable": True},
        {"name": "custom.Wohnfläche m2", "in_view": True, "on_page": False, "editable": False},
        {"name": "first_name", "in_view": True, "on_page": True, "editable": False},
    ]
    saved = await centre.write("PUT", FIELDS, {"fields": wanted})
    assert (saved.json()["fields"], saved.headers["ETag"]) == (wanted, '"1"')
    assert (await centre.read(FIELDS))["fields"] == wanted
    stale = {**centre.service.headers("admin"), "If-Match": '"0"'}
    assert (await centre.write("PUT", FIELDS, {"fields": []}, stale)).status_code == 412
    for wrong in ([{"name": "agent_id"}], [{"name": "phone"}, {"name": "phone"}], [{"name": "custom."}]):
        assert (await centre.write("PUT", FIELDS, {"fields": wrong})).status_code == 422, wrong
    assert (await centre.write("PUT", FIELDS, {"fields": []}, centre.as_agent())).status_code == 403


async def test_a3_5_writing_a_field_that_is_not_editable_is_refused_by_name(centre: CallCentre):
    await centre.lead()
    _, token = await centre.claimed()
    for name, pointer in (("first_name", "first_name"), ("agent_id", "?"), ("state", "?"), ("custom__x", "custom.x")):
        refused = await _edit(centre, token, **{name: "x"})
        assert (refused.status_code, refused.json()["code"]) == (403, "field-not-editable")
        assert refused.json()["errors"][0]["pointer"] == f"/fields/{pointer}"
    await _editable(centre, "first_name")
    mixed = await _edit(centre, token, first_name="Eeva", last_name="Laine")
    assert [error["pointer"] for error in mixed.json()["errors"]] == ["/fields/last_name"]
    assert (await centre.item())["person"]["first_name"] == "Aino", "nothing of it was written"
    assert (await _edit(centre, None, first_name="Eeva")).status_code == 423
    admin = centre.service.headers("admin")
    assert (await centre.write("PATCH", "work-items/lead_x", {"fields": {"phone": "1"}}, admin)).status_code == 404


async def test_a3_5_corrections_are_told_noted_and_outlive_updates_by_intake(centre: CallCentre):
    await _editable(centre, "first_name", "email", "custom.size", "account.name", "account.industry", "address")
    account = Account(external_id="acc_1", name="Old", fields={"industry": "x", "staff": 3})
    event = await centre.lead("lead_1", account=account, custom={"size": 1, "roof": "flat"})
    _, token = await centre.claimed()
    edited = await _edit(
        centre,
        token,
        first_name="Eeva",
        email="Eeva@Example.FI",
        custom__size=12,
        account__name="New",
        account__industry="Construction",
        address={"city": "Turku"},
    )
    assert edited.status_code == 200, edited.text
    expected = edited.json()
    assert (expected["person"]["first_name"], expected["person"]["email"]) == ("Eeva", "eeva@example.fi")
    assert expected["custom"] == {"size": 12, "roof": "flat"}
    assert expected["account"] == {
        "external_id": "acc_1",
        "name": "New",
        "fields": {"industry": "Construction", "staff": 3},
    }
    (told,) = await centre.service.published(LeadEditedV1)
    assert isinstance(told, LeadEditedV1)
    assert told.fields["custom.size"] == 12
    entry = (await centre.read("work-items/lead_1/history"))["data"][0]
    assert (entry["event"], entry["actor"]) == ("edited", "usr_agent")
    assert "Eeva" not in str(entry["data"]), "history names the fields, not the person"
    fields: dict[str, Any] = {name: getattr(event, name) for name in event.__struct_fields__}
    fields["comments"] = "new from intake"
    await centre.service.deliver(LeadUpdatedV1(**fields), 2)
    now = await centre.item()
    assert now["comments"] == "new from intake"
    for name in ("person", "custom", "account"):
        assert now[name] == expected[name]
    await _editable(centre, "custom.Wohnfläche", "custom.roof.type")
    partners = {"Wohnfläche": "120", "roof.type": "flat"}
    named = await _edit(centre, token, **{f"custom__{name}": value for name, value in partners.items()})
    assert named.json()["custom"] == {"size": 12, "roof": "flat", **partners}, "fields are called as partners call them"
    fields["account"] = None
    await centre.service.deliver(LeadUpdatedV1(**fields), 3)
    assert (await centre.item())["account"] is None, "half an account is none"


async def test_a3_5_a_corrected_number_moves_the_lead_and_its_lock(centre: CallCentre):
    await _editable(centre, "phone", "email")
    await centre.lead()
    await centre.lead("lead_2")
    lead_id, token = await centre.claimed()
    other = {"lead_1": "lead_2", "lead_2": "lead_1"}[lead_id]
    path = f"work-items/{lead_id}"
    by = centre.as_agent(token=token)
    moved = await centre.write("PATCH", path, {"fields": {"phone": "+46701112223"}}, by)
    assert moved.json()["timezone_candidates"] == ["Europe/Stockholm"]
    key = await centre.service.db.pool.fetchval("SELECT lock_key FROM locks WHERE lead_id = $1", lead_id)
    assert key == "+46701112223"
    await centre.claimed()
    taken = (await centre.item(other))["person"]["phone"]
    refused = await centre.write("PATCH", path, {"fields": {"phone": taken}}, by)
    assert (refused.status_code, refused.json()["code"]) == (423, "locked")
    for wrong in ({"phone": "040 123"}, {"email": "nobody"}, {"phone": None, "email": None}, {"phone": 5}):
        answer = await centre.write("PATCH", path, {"fields": wrong}, by)
        assert answer.status_code == 422, wrong
    await centre.suppress("phone", "+46705556667")
    await centre.write("PATCH", path, {"fields": {"phone": "+46705556667"}}, by)
    assert (await centre.item(lead_id))["state"] == "suppressed"
