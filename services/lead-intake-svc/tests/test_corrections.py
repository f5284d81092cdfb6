"""Agents correct leads (A3.5), and intake shows the same person."""

from datetime import UTC, datetime
from typing import Any

from contracts.events.assignment import LeadEditedV1
from contracts.events.intake import LeadUpdatedV1
from contracts.events.values import LeadRef
from lead_intake_svc.corrections.rules import kept
from lead_intake_svc.testing import World, lead

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PHONE = "+358409999999"


def edited(world: World, lead_id: str, **fields: Any) -> LeadEditedV1:
    ref = LeadRef(lead_id=lead_id, partner_id=world.partner_id, project_id="prj_a")
    named = {name.replace("__", "."): value for name, value in fields.items()}
    return LeadEditedV1(lead=ref, received_at=NOW, actor="usr_agent", fields=named)


async def shown(world: World, lead_id: str) -> dict[str, Any]:
    return dict((await world.http.get(f"/v1/leads/{lead_id}", headers=world.service.headers())).json())


async def test_a3_5_what_an_agent_corrected_is_shown_here_and_told_to_everybody(world: World):
    """The whole content goes out, so that a case that is still held shows the same person; of two the later counts."""
    lead_id = (await world.accepted(custom={"roof": "tile"}))["id"]
    await world.service.deliver(edited(world, lead_id, phone=PHONE, custom__size=5, comments="call later"), 7)
    await world.service.deliver(edited(world, lead_id, phone="+358401111111", first_name="Aino"), 5)
    lead_now = await shown(world, lead_id)
    assert (lead_now["phone"], lead_now["first_name"]) == (PHONE, "Aino")
    assert (lead_now["custom"], lead_now["comments"]) == ({"roof": "tile", "size": 5}, "call later")
    first, second = [event for event in await world.service.published() if isinstance(event, LeadUpdatedV1)]
    assert (first.person.phone, first.custom, first.comments) == (PHONE, {"roof": "tile", "size": 5}, "call later")
    assert (second.person.phone, second.person.first_name) == (PHONE, "Aino")
    path = f"/v1/leads/{lead_id}/timeline"
    told = (await world.http.get(path, headers=world.service.headers())).json()["data"]
    entries = [entry for entry in told if entry["event"] == "assignment.lead.edited.v1"]
    assert [entry["data"]["fields"] for entry in entries] == [
        ["first_name", "phone"],
        ["comments", "custom.size", "phone"],
    ]
    assert not any(PHONE in str(entry) for entry in entries)


async def test_a3_5_a_push_of_the_same_lead_leaves_what_was_corrected(world: World):
    body = lead(custom={"size": 1, "roof": "tile"}, account={"external_id": "a", "name": "Old", "fields": {"n": 1}})
    lead_id = (await world.push(body)).json()["id"]
    edits = edited(world, lead_id, phone=PHONE, custom__size=5, account__name="New")
    await world.service.deliver(edits, 3)
    again = await world.push(body | {"comments": "more", "custom": {"size": 2, "roof": "slate"}})
    assert again.status_code == 200
    lead_now = await shown(world, lead_id)
    assert (lead_now["phone"], lead_now["comments"]) == (PHONE, "more")
    assert lead_now["custom"] == {"size": 5, "roof": "slate"}
    assert lead_now["account"] == {"external_id": "a", "name": "New", "fields": {"n": 1}}


async def test_i2_15_the_corrected_number_is_known_when_somebody_sends_it(world: World):
    lead_id = (await world.accepted())["id"]
    await world.service.deliver(edited(world, lead_id, phone=PHONE), 3)
    again = (await world.push(phone=PHONE, email=None)).json()
    assert (again["status"], again["duplicate_of"]) == ("rejected", lead_id)


async def test_i2_27_a_correction_that_comes_late_brings_nothing_back(world: World):
    lead_id = (await world.accepted(phone="+358405555555"))["id"]
    await world.service.deliver(edited(world, lead_id, phone=PHONE), 3)
    await world.rows("DELETE FROM outbox")  # they have been sent
    headers = world.service.headers()
    (await world.http.post("/v1/erasures", json={"phone": "+358405555555"}, headers=headers)).raise_for_status()
    await world.service.deliver(edited(world, lead_id, first_name="Zacharias"), 4)
    assert await world.traces(PHONE, "Zacharias") == []
    assert await world.count("lead_corrections") == 0


def test_a3_5_what_is_sent_again_leaves_corrected_fields():
    assert kept({"custom": {"a": 1}, "phone": "2"}, {"custom": {"a": 3}}, {"custom.a", "phone"}) == {"custom": {"a": 3}}
