"""`POST /v1/leads`: what is accepted, what is stored, and what is answered."""

from typing import Any

import pytest
from contracts.events.intake import LeadAcceptedV1, LeadQuarantinedV1, LeadRejectedV1, LeadUpdatedV1
from contracts.events.sponsor import ContactListCreatedV1, ContactListExpiredV1, ProjectCreatedV1
from contracts.ids import new_id
from lead_intake_svc.testing import World, bearer, lead

ORDER: dict[str, Any] = {
    "number": "o-1",
    "status": "partial",
    "items": [{"product_code": "p1", "quantity": 2, "unit_price": {"amount_minor": 1250, "currency": "EUR"}}],
    "total": {"amount_minor": 2500, "currency": "EUR"},
}
FULL: dict[str, Any] = {
    "address": {"city": "Helsinki"},
    "account": {"external_id": "acc-1", "name": "Oy Firma Ab", "fields": {"size": 10}},
    "consent": {"given_at": "2026-01-01T12:00:00+02:00", "text": "yes", "ip": "192.0.2.1"},
    "comments": "evenings",
    "contact_time": "17-19",
    "custom": {"utm": "x"},
    "order": ORDER,
}


async def test_a_good_lead_is_accepted_stored_and_told(world: World):
    response = await world.push(lead(external_id="e1", phone="040 123 4567", email="Maija@Example.com", **FULL))
    assert response.status_code == 201
    answer = response.json()
    assert answer == {
        "id": answer["id"],
        "status": "accepted",
        "location": "queue",
        "held": False,
        "reason": None,
        "duplicate_of": None,
        "problems": [],
    }
    (event,) = await world.service.published(LeadAcceptedV1)
    assert isinstance(event, LeadAcceptedV1)
    assert event.lead.lead_id == answer["id"]
    assert (event.person.phone, event.person.email) == ("+358401234567", "maija@example.com")
    assert event.order is not None
    assert event.order.items[0].unit_price.amount_minor == 1250
    assert event.consent is not None
    assert event.consent.given_at.isoformat() == "2026-01-01T10:00:00+00:00"
    shown = (await world.http.get(f"/v1/leads/{answer['id']}", headers=bearer(world.key))).json()
    assert shown["order"] == ORDER
    assert shown["account"] == FULL["account"]
    assert shown["status"] == "accepted"


@pytest.mark.parametrize(
    ("default", "force", "asked", "effective"),
    [
        ("queue", False, None, "queue"),
        ("pending", False, None, "pending"),
        ("pending", False, "queue", "queue"),
        ("pending", True, "queue", "pending"),
        ("queue", True, "pending", "queue"),
    ],
)
async def test_i2_3_the_effective_location_follows_the_partner(
    world: World, default: str, force: bool, asked: str | None, effective: str
):
    partner = await world.partner(default_location=default, force_default_location=force, priority="high")
    key = await world.issue(partner)
    answer = (await world.push(lead(location=asked), key=key)).json()
    assert answer["location"] == effective
    (row,) = await world.rows("SELECT asked_location, location, priority FROM leads")
    assert (row["asked_location"], row["location"], row["priority"]) == (asked, effective, "high")


async def test_v4_1_a_project_with_validation_holds_its_leads(world: World):
    await world.project("prj_held", call_centre_validation=True)
    answer = await world.accepted(project_id="prj_held")
    assert answer["held"] is True
    (event,) = await world.service.published(LeadAcceptedV1)
    assert isinstance(event, LeadAcceptedV1)
    assert event.hold is True


async def test_i2_2_partners_that_may_not_sell_are_told_so(world: World):
    for changes, code in (({"sells_leads": False}, "partner-cannot-sell"), ({"active": False}, "partner-inactive")):
        key = await world.issue(await world.partner(**changes))
        response = await world.push(key=key)
        assert (response.status_code, response.json()["code"]) == (403, code)
    assert await world.count("leads") == 0


async def test_unknown_and_passive_projects_take_no_leads(world: World):
    unknown = await world.push(project_id="prj_nowhere")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "project-unknown")
    assert unknown.json()["errors"][0]["pointer"] == "/project_id"
    await world.project("prj_a", sequence=2, state="passive")
    passive = await world.push()
    assert (passive.status_code, passive.json()["code"]) == (409, "campaign-passive")
    await world.project("prj_a", sequence=1, state="active")  # late and old: changes nothing
    assert (await world.push()).status_code == 409
    assert await world.count("leads") == 0


@pytest.mark.parametrize("batch", [False, True])
async def test_a_project_that_was_made_a_moment_ago_is_waited_for(world: World, batch: bool):
    """Its event comes after the second look."""
    project_id = new_id("prj")
    reference = world.service.app.http.state.reference
    looked, looks = reference.reload, 0

    async def look() -> None:
        nonlocal looks
        looks += 1
        await looked()
        if looks == 2:
            created = ProjectCreatedV1(project_id=project_id, name="New", kind="outbound", state="active")
            await world.service.deliver(created, sequence=1)

    reference.reload = look
    if batch:
        path, body = "/v1/leads/batch", [lead(project_id=project_id), lead(project_id="prj_nowhere")]
        answer = (await world.http.post(path, json=body, headers=bearer(world.key))).json()
        assert [row["status"] for row in answer["results"]] == ["ok", "failed"]
    else:
        assert (await world.push(project_id=project_id)).status_code == 201
    assert looks > 2


async def test_contact_lists_must_be_the_projects_and_unexpired(world: World):
    assert (await world.push(contact_list_id="lst_1")).json()["code"] == "contact-list-unknown"
    fields: dict[str, Any] = {"contact_list_id": "lst_1", "name": "l", "project_id": "prj_a"}
    await world.service.deliver(ContactListCreatedV1(**fields), sequence=1)
    await world.noticed()
    assert (await world.accepted(contact_list_id="lst_1"))["id"]
    await world.service.deliver(ContactListExpiredV1(**fields, expired=True), sequence=2)
    await world.noticed()
    assert (await world.push(contact_list_id="lst_1")).json()["code"] == "contact-list-expired"


async def test_rejected_and_quarantined_leads_are_stored_and_told(world: World):
    rejected = (await world.push(phone="12", email=None)).json()
    assert (rejected["status"], rejected["reason"], rejected["location"]) == ("rejected", "phone-invalid", None)
    assert rejected["problems"][0]["field"] == "/phone"
    await world.project("prj_q", checks={"names": "quarantine"})
    held_back = (await world.push(project_id="prj_q", first_name="asdf")).json()
    assert (held_back["status"], held_back["reason"]) == ("quarantined", "name-test-data")
    first, second = (await world.service.published())[-2:]
    assert isinstance(first, LeadRejectedV1)
    assert isinstance(second, LeadQuarantinedV1)
    assert (first.reason, second.reason) == ("phone-invalid", "name-test-data")
    assert await world.count("leads") == 2


async def test_i2_16_the_same_again_changes_nothing(world: World):
    body = lead()
    first = await world.push(body)
    again = await world.push(dict(reversed(body.items())))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert len(await world.service.published(LeadAcceptedV1, LeadUpdatedV1)) == 1


async def test_i2_16_a_partial_order_grows_with_its_history_kept(world: World):
    body = lead(order=ORDER)
    first = (await world.push(body)).json()
    grown = body | {"order": ORDER | {"status": "completed"}, "email": "other@example.com", "comments": "more"}
    response = await world.push(grown)
    assert response.status_code == 200
    assert response.json()["id"] == first["id"]
    (event,) = await world.service.published(LeadUpdatedV1)
    assert isinstance(event, LeadUpdatedV1)
    assert event.order is not None
    assert event.order.status == "completed"
    assert event.person.email == "other@example.com"
    (revision,) = await world.rows("SELECT version, changed_fields, before FROM lead_revisions")
    assert revision["version"] == 2
    assert sorted(revision["changed_fields"]) == ["content", "email"]
    assert revision["before"]["content"]["order"]["status"] == "partial"
    path = f"/v1/leads/{first['id']}/timeline"
    entries = (await world.http.get(path, headers=bearer(world.key))).json()["data"]
    assert [entry["event"] for entry in entries] == ["intake.lead.updated.v1", "intake.lead.accepted.v1"]


async def test_i2_16_content_that_the_checks_refuse_leaves_the_lead_as_it_was(world: World):
    other = await world.accepted()
    taken = (await world.rows("SELECT phone FROM leads WHERE id = $1", other["id"]))[0]["phone"]
    body = lead()
    await world.push(body)
    for phone, code in (("12", "phone-invalid"), (taken, "duplicate")):
        refused = await world.push(body | {"phone": phone})
        assert (refused.status_code, refused.json()["code"]) == (422, "change-refused")
        assert refused.json()["errors"][0]["code"] == code
    assert await world.count("lead_revisions") == 0


async def test_a_test_key_makes_test_leads_that_meet_no_real_ones(world: World):
    test_key = await world.issue(world.partner_id, test=True)
    assert test_key.startswith("lw_test_")
    tried = await world.push(lead(phone="+358401112223"), key=test_key)
    assert tried.json()["status"] == "accepted"
    real = await world.push(lead(phone="+358401112223"))
    assert real.json()["status"] == "accepted"
    events = await world.service.published(LeadAcceptedV1)
    assert [event.lead.test for event in events if isinstance(event, LeadAcceptedV1)] == [True, False]


async def test_i2_16_what_is_not_sent_again_stays(world: World):
    body = lead(order=ORDER, custom={"step": 1}, comments="Evenings.")
    pushed = (await world.push(body)).json()
    names = ("external_id", "project_id")
    more = {name: body[name] for name in names} | {"custom": {"size": 3}, "address": {"city": "Turku"}}
    response = await world.push(more)
    assert (response.status_code, response.json()["id"]) == (200, pushed["id"])
    shown = (await world.http.get(f"/v1/leads/{pushed['id']}", headers=bearer(world.key))).json()
    assert shown["custom"] == {"step": 1, "size": 3}
    assert (shown["comments"], shown["address"], shown["phone"]) == ("Evenings.", {"city": "Turku"}, body["phone"])
    assert shown["order"]["number"] == ORDER["number"]
    cleared = await world.push(more | {"comments": None})
    assert cleared.status_code == 200
    shown = (await world.http.get(f"/v1/leads/{pushed['id']}", headers=bearer(world.key))).json()
    assert (shown["comments"], shown["version"]) == (None, 3)


async def test_i2_16_a_completed_order_does_not_become_partial_again(world: World):
    body = lead(order=ORDER | {"status": "completed"})
    await world.push(body)
    refused = await world.push(body | {"order": ORDER})
    assert (refused.status_code, refused.json()["code"]) == (409, "order-completed")


@pytest.mark.parametrize(("state", "code"), [("resolved", "lead-finished"), ("return_hold", "lead-locked")])
async def test_i2_16_a_locked_or_finished_lead_says_why(world: World, state: str, code: str):
    body = lead()
    pushed = (await world.push(body)).json()
    await world.rows("INSERT INTO lead_progress (lead_id, work_state) VALUES ($1, $2)", pushed["id"], state)
    refused = await world.push(body | {"comments": "more"})
    assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert (await world.push(body)).status_code == 200
