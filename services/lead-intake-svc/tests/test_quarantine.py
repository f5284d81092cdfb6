"""Quarantined leads: a person decides, or edits them and they are checked again (I2.21)."""

from typing import Any

import httpx2
import pytest
from contracts.events.intake import LeadAcceptedV1, LeadMovedV1, LeadQuarantinedV1, LeadRejectedV1
from contracts.events.sponsor import ContactListCreatedV1, DuplicateRules, IntakeRules
from lead_intake_svc.testing import World, bearer, lead

QUARANTINE = {"names": "quarantine", "phone": "quarantine", "email": "quarantine"}
EMAIL = "maija@example.com"


@pytest.fixture
async def editing(world: World) -> World:
    await world.project("prj_q", checks=QUARANTINE, intake=IntakeRules(bulk_edit=True))
    return world


async def quarantined(world: World, **fields: Any) -> str:
    answer = (await world.push(lead(**{"project_id": "prj_q", "first_name": "asdf", **fields}))).json()
    assert answer["status"] == "quarantined", answer
    return str(answer["id"])


async def decide(world: World, lead_id: str, decision: str, level: str = "supervisor") -> httpx2.Response:
    body = {"decision": decision, "reason": "Called them."}
    headers = world.service.headers(level, partner_id=world.partner_id)
    return await world.http.post(f"/v1/leads/{lead_id}/decision", json=body, headers=headers)


async def edit(world: World, headers: dict[str, str], **changes: dict[str, Any]) -> list[dict[str, Any]]:
    body = {"edits": [{"lead_id": lead_id, "changes": change} for lead_id, change in changes.items()]}
    response = await world.http.post("/v1/leads/bulk-edit", json=body, headers=headers)
    assert response.status_code == 200, response.text
    return list(response.json()["results"])


async def timeline(world: World, lead_id: str) -> list[tuple[str, str]]:
    response = await world.http.get(f"/v1/leads/{lead_id}/timeline", headers=world.service.headers())
    return [(entry["event"].split(".")[2], entry["actor"]) for entry in response.json()["data"]]


async def test_a_person_accepts_a_quarantined_lead(editing: World):
    lead_id = await quarantined(editing, location="pending", comments="Evenings.", custom={"size": 3})
    answer = await decide(editing, lead_id, "accept")
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["status"], shown["location"], shown["reason"]) == ("accepted", "pending", None)
    (event,) = await editing.service.published(LeadAcceptedV1)
    assert isinstance(event, LeadAcceptedV1)
    assert (event.lead.lead_id, event.location, event.billable) == (lead_id, "pending", True)
    assert (event.comments, event.custom, event.person.first_name) == ("Evenings.", {"size": 3}, "asdf")
    assert [problem.code for problem in event.problems] == ["name-test-data"]
    assert await timeline(editing, lead_id) == [("accepted", "usr_test"), ("quarantined", editing.partner_id)]
    again = await decide(editing, lead_id, "reject")
    assert (again.status_code, again.json()["code"]) == (409, "lead-not-quarantined")


async def test_a_person_rejects_a_quarantined_lead_and_then_it_is_nobodys_duplicate(editing: World):
    phone = "+358405551234"
    lead_id = await quarantined(editing, phone=phone)
    duplicate = lead(project_id="prj_q", phone=phone)
    assert (await editing.push(duplicate)).json()["reason"] == "duplicate"
    assert (await decide(editing, lead_id, "reject")).json()["status"] == "rejected"
    assert (await editing.push(lead(project_id="prj_q", phone=phone))).json()["status"] == "accepted"
    event = (await editing.service.published(LeadRejectedV1))[-1]
    assert isinstance(event, LeadRejectedV1)
    assert (event.lead.lead_id, event.reason) == (lead_id, "name-test-data")


@pytest.mark.parametrize("level", ["partner", "call_centre", "sponsor", "leads_agent"])
async def test_decisions_are_the_business_of_staff(editing: World, level: str):
    lead_id = await quarantined(editing)
    assert (await decide(editing, lead_id, "accept", level)).status_code == 403
    assert (await decide(editing, "lead_unknown", "accept")).status_code == 404


async def test_i2_17_no_person_overrides_a_suppression_or_a_missing_consent(editing: World):
    suppressed = await quarantined(editing, email="gone@example.com")
    entry = {"kind": "email", "value": "gone@example.com"}
    await editing.http.post("/v1/suppressions", json=entry, headers=editing.service.headers())
    await editing.project("prj_c", checks={"consent": "quarantine"})
    bare = (await editing.push(lead(project_id="prj_c"))).json()["id"]
    revoked = await quarantined(editing, consent={"given_at": "2026-01-01T00:00:00Z"})
    path = f"/v1/leads/{revoked}/consent/revoke"
    assert (await editing.http.post(path, headers=editing.service.headers())).status_code == 200
    for lead_id, code in ((suppressed, "suppressed"), (bare, "consent-missing"), (revoked, "consent-revoked")):
        refused = await decide(editing, lead_id, "accept")
        assert (refused.status_code, refused.json()["code"]) == (409, "lead-undeliverable")
        assert [error["code"] for error in refused.json()["errors"]] == [code]
        assert (await decide(editing, lead_id, "reject")).status_code == 200


async def test_i2_21_edited_leads_are_checked_again_as_new(editing: World):
    good, still = [await quarantined(editing) for _ in range(2)]
    taken = (await editing.accepted(project_id="prj_q", phone="+358405550000"))["id"]
    double = await quarantined(editing)
    results = await edit(
        editing,
        editing.service.headers(),
        **{
            good: {"first_name": "Maija", "custom": {"checked": True}},
            still: {"first_name": "qwerty"},
            double: {"first_name": "Maija", "phone": "040 555 0000"},
            taken: {"first_name": "Other"},
            "lead_unknown": {"first_name": "Maija"},
        },
    )
    outcome = [(row["index"], row["status"], row["lead_status"], row["code"] or row["reason"]) for row in results]
    assert outcome == [
        (0, "ok", "accepted", None),
        (1, "ok", "quarantined", "name-test-data"),
        (2, "ok", "rejected", "duplicate"),
        (3, "failed", None, "lead-delivered"),
        (4, "failed", None, "not-found"),
    ]
    events = [event for event in await editing.service.published(LeadAcceptedV1) if isinstance(event, LeadAcceptedV1)]
    assert [event.lead.lead_id for event in events] == [taken, good]
    assert events[-1].custom == {"checked": True}
    assert len(await editing.service.published(LeadQuarantinedV1)) == 3
    assert [event for event, _ in await timeline(editing, good)] == ["accepted", "updated", "quarantined"]


async def test_i2_21_who_may_edit_which_leads(editing: World):
    mine = await quarantined(editing)
    refused = (await editing.push(lead(project_id="prj_q", phone="12", email=None))).json()
    assert refused["status"] == "rejected"
    other_partner = await editing.partner(name="Other")
    key = await editing.issue(other_partner)
    theirs = (await editing.push(lead(project_id="prj_q", first_name="asdf"), key=key)).json()["id"]
    reading = bearer(await editing.issue(editing.partner_id, scopes=["leads.read"]))
    change = {"first_name": "Maija", "phone": "+358405551111"}
    assert (
        await editing.http.post(
            "/v1/leads/bulk-edit", json={"edits": [{"lead_id": mine, "changes": change}]}, headers=reading
        )
    ).status_code == 403
    by_validator = await edit(
        editing, editing.service.headers("call_centre"), **{refused["id"]: {"phone": "+358405551112"}}
    )
    assert by_validator[0]["code"] == "lead-not-editable"
    by_partner = await edit(
        editing, bearer(editing.key), **{mine: change, refused["id"]: {"phone": "+358405551113"}, theirs: change}
    )
    assert [row["lead_status"] or row["code"] for row in by_partner] == ["accepted", "accepted", "not-found"]
    by_validator = await edit(editing, editing.service.headers("call_centre"), **{theirs: {"first_name": "Maija"}})
    assert by_validator[0]["lead_status"] == "accepted"
    body = {"edits": [{"lead_id": mine, "changes": {}}] * 2}
    twice = await editing.http.post("/v1/leads/bulk-edit", json=body, headers=editing.service.headers())
    assert twice.status_code == 422
    for level in ("sponsor", "leads_agent"):
        headers = editing.service.headers(level, sponsor_id="spo_1")
        body = {"edits": [{"lead_id": mine, "changes": {}}]}
        assert (await editing.http.post("/v1/leads/bulk-edit", json=body, headers=headers)).status_code == 403


async def test_i2_21_is_off_by_default(world: World):
    await world.project("prj_q", checks=QUARANTINE)
    lead_id = await quarantined(world)
    (result,) = await edit(world, world.service.headers(), **{lead_id: {"first_name": "Maija"}})
    assert result["code"] == "bulk-edit-off"


async def test_i2_15_an_edited_lead_is_no_duplicate_of_itself_but_of_others(world: World):
    rules = DuplicateRules(action="quarantine", fields="phone")
    await world.project("prj_q", checks=QUARANTINE, duplicates=rules, intake=IntakeRules(bulk_edit=True))
    phone = "+358405557777"
    first = await world.accepted(project_id="prj_q", phone=phone)
    second = (await world.push(lead(project_id="prj_q", phone=phone))).json()
    assert (second["status"], second["reason"]) == ("quarantined", "duplicate")
    (result,) = await edit(world, world.service.headers(), **{second["id"]: {"email": EMAIL}})
    assert (result["lead_status"], result["reason"]) == ("quarantined", "duplicate")
    (row,) = await world.rows("SELECT duplicate_of FROM leads WHERE id = $1", second["id"])
    assert row["duplicate_of"] == first["id"]
    (result,) = await edit(world, world.service.headers(), **{second["id"]: {"phone": "+358405557778"}})
    assert result["lead_status"] == "accepted"


async def test_i2_15_an_edited_lead_is_known_by_its_new_number_and_frees_the_old_one(editing: World):
    old, new = "+358405558881", "+358405558882"
    lead_id = await quarantined(editing, phone=old)
    (result,) = await edit(editing, editing.service.headers(), **{lead_id: {"first_name": "Maija", "phone": new}})
    assert result["lead_status"] == "accepted"
    double = (await editing.push(lead(project_id="prj_q", phone=new))).json()
    assert (double["reason"], double["duplicate_of"]) == ("duplicate", lead_id)
    assert (await editing.push(lead(project_id="prj_q", phone=old))).json()["status"] == "accepted"


async def test_i2_16_a_push_that_is_only_repeated_does_not_undo_what_was_edited(editing: World):
    """A partner's retry says nothing new, whatever a validator wrote meanwhile."""
    body = lead(project_id="prj_q", first_name="asdf")
    first = (await editing.push(body)).json()
    await edit(editing, editing.service.headers(), **{first["id"]: {"first_name": "qwerty"}})
    again = await editing.push(body)
    assert (again.status_code, again.json()["status"]) == (200, "quarantined")
    shown = (await editing.http.get(f"/v1/leads/{first['id']}", headers=editing.service.headers())).json()
    assert shown["first_name"] == "qwerty"


async def test_i2_16_a_quarantined_lead_that_is_sent_again_is_checked_again(editing: World):
    body = lead(project_id="prj_q", first_name="asdf")
    first = (await editing.push(body)).json()
    again = await editing.push(body | {"first_name": "Maija"})
    assert (again.status_code, again.json()["id"], again.json()["status"]) == (200, first["id"], "accepted")
    assert (await editing.push(body | {"first_name": "Maija"})).json()["status"] == "accepted"


async def test_i2_16_who_stays_in_quarantine_in_another_list_is_told_of_once(editing: World):
    """And only the list is told: nobody counts or mails the lead a second time."""
    for name in ("lst_1", "lst_2"):
        created = ContactListCreatedV1(contact_list_id=name, name=name, project_id="prj_q")
        await editing.service.deliver(created, sequence=1)
    body = lead(project_id="prj_q", first_name="asdf", contact_list_id="lst_1")
    await editing.push(body)
    for change in ({"contact_list_id": "lst_2"}, {"first_name": "qwerty"}, {"contact_list_id": "lst_1"}):
        body |= change
        assert (await editing.push(body)).json()["status"] == "quarantined"
    told = await editing.service.published(LeadQuarantinedV1, LeadMovedV1)
    named = [event for event in told if isinstance(event, LeadQuarantinedV1 | LeadMovedV1)]
    assert [(type(event), event.lead.contact_list_id) for event in named] == [
        (LeadQuarantinedV1, "lst_1"),
        (LeadMovedV1, "lst_2"),
        (LeadMovedV1, "lst_1"),
    ]
