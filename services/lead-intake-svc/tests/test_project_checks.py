"""The checks that a project turns on and configures (I2.17)."""

from typing import Any

from contracts.events.intake import LeadAcceptedV1
from contracts.events.sponsor import CustomCheck, DuplicateRules, IntakeRules
from lead_intake_svc.testing import World, lead


async def codes(world: World, **fields: Any) -> tuple[str, list[str]]:
    answer = (await world.push(lead(**fields))).json()
    return answer["status"], [problem["code"] for problem in answer["problems"]]


async def test_i2_17_all_missing_required_fields_are_named_with_their_places(world: World):
    required = ["first_name", "custom.size", "address.postcode", "consent.text", "phone"]
    await world.project("prj_r", intake=IntakeRules(required_fields=required))
    answer = (await world.push(lead(project_id="prj_r", first_name=None, custom={"size": ""}))).json()
    assert (answer["status"], answer["reason"]) == ("rejected", "field-missing")
    assert [problem["field"] for problem in answer["problems"]] == [
        "/first_name", "/custom/size", "/address/postcode", "/consent/text",
    ]  # fmt: skip
    consent = {"given_at": "2026-01-01T00:00:00Z", "text": "Yes."}
    whole = lead(project_id="prj_r", custom={"size": 0}, address={"postcode": "00100"}, consent=consent)
    assert (await world.push(whole)).json()["status"] == "accepted"


async def test_i2_17_a_projects_own_patterns_decide_about_whole_values(world: World):
    rules = [
        CustomCheck(name="size", field="custom.size", pattern="[0-9]{1,3}", level="quarantine", detail="Size in m²."),
        CustomCheck(name="vat", field="account.external_id", pattern="FI[0-9]{8}", level="warn"),
    ]
    await world.project("prj_c", intake=IntakeRules(custom_checks=rules))
    for size, status in ((120, "accepted"), ("12", "accepted"), ("12x", "quarantined"), ([1], "quarantined")):
        answer = (await world.push(lead(project_id="prj_c", custom={"size": size}))).json()
        assert answer["status"] == status, size
    assert answer["problems"] == [
        {"code": "custom-size", "level": "quarantine", "field": "/custom/size", "detail": "Size in m²."}
    ]
    assert await codes(world, project_id="prj_c", account={"external_id": "SE1"}) == ("accepted", ["custom-vat"])


async def test_i2_17_checks_that_are_off_by_default_are_turned_on_one_by_one(world: World):
    await world.project("prj_on", checks=dict.fromkeys(["phone_type", "country", "postcode"], "quarantine"))
    free = DuplicateRules(window_days=0)
    await world.project("prj_off", duplicates=free)
    wrong = {"phone": "+358600123456", "address": {"country": "XQ", "postcode": "1"}}
    assert await codes(world, project_id="prj_off", **wrong) == ("accepted", [])
    expected = ["phone-type", "country-unknown"]
    assert await codes(world, project_id="prj_on", **wrong) == ("quarantined", expected)
    elsewhere = {"address": {"country": "se", "postal_code": "1234"}}
    assert await codes(world, project_id="prj_on", **elsewhere) == (
        "quarantined",
        ["country-other", "postcode-invalid"],
    )
    assert await codes(world, project_id="prj_on", address={"postcode": 33100}) == ("accepted", [])


async def test_i2_17_suppressed_names_are_the_projects(world: World):
    await world.project("prj_n", checks={"names": "reject"}, intake=IntakeRules(suppressed_names=["Aku"]))
    assert await codes(world, project_id="prj_n", first_name="AKU") == ("rejected", ["name-suppressed"])
    assert await codes(world, project_id="prj_n", first_name="Akuliina") == ("accepted", [])
    assert await codes(world, first_name="Aku") == ("accepted", [])


async def test_i2_17_always_deliver_accepts_cautions_without_a_bill(world: World):
    rules = IntakeRules(always_deliver=True)
    await world.project("prj_d", checks={"names": "quarantine", "consent": "quarantine"}, intake=rules)
    consent = {"given_at": "2026-01-01T00:00:00Z"}
    clean = lead(project_id="prj_d", consent=consent)
    doubtful = lead(project_id="prj_d", first_name="asdf", consent=consent)
    for body, billable in ((clean, True), (doubtful, False)):
        answer = (await world.push(body)).json()
        assert (answer["status"], answer["location"], answer.get("reason")) == ("accepted", "queue", None)
        shown = await world.http.get(f"/v1/leads/{answer['id']}", headers=world.service.headers())
        assert shown.json()["billable"] is billable
    events = await world.service.published(LeadAcceptedV1)
    assert [event.billable for event in events if isinstance(event, LeadAcceptedV1)] == [True, False]
    # Never over a missing consent, a suppression, or what is refused outright.
    assert await codes(world, project_id="prj_d") == ("quarantined", ["consent-missing"])
    assert await codes(world, project_id="prj_d", phone="12", consent=consent) == ("rejected", ["phone-invalid"])
    await world.project("prj_s", checks={"suppression": "quarantine"}, intake=rules)
    entry = {"kind": "email", "value": "gone@example.com"}
    await world.http.post("/v1/suppressions", json=entry, headers=world.service.headers())
    assert await codes(world, project_id="prj_s", email="gone@example.com") == ("quarantined", ["suppressed"])
