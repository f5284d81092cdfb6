"""What intake and validation say about leads, and what becomes of them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from assignment_svc.testing import CallCentre, lead_event, lead_ref
from contracts.events.intake import LeadAcceptedV1, LeadContent, LeadUpdatedV1
from contracts.events.values import Account, Money, Order, OrderItem, Person
from messaging.subscription import Received
from msgspec import structs
from servicekit.testing import ServiceUnderTest


def _updated(event: LeadAcceptedV1, **fields: Any) -> LeadUpdatedV1:
    return LeadUpdatedV1(**{**structs.asdict(event), **fields})


@pytest.mark.parametrize(
    ("location", "hold", "state", "told"),
    [("queue", False, "queued", "queued"), ("pending", False, "pending", "pended"), ("queue", True, "held", "held")],
)
async def test_an_accepted_lead_becomes_a_work_item(
    centre: CallCentre, location: str, hold: bool, state: str, told: str
):
    await centre.lead(location=location, hold=hold, account=Account(external_id="a1", name="Firma"))
    item = await centre.item()
    assert (item["state"], item["location"], item["version"]) == (state, location, 1)
    assert item["account"] == {"external_id": "a1", "name": "Firma", "fields": {}}
    assert await centre.told() == [f"lead.{told} 1"]


async def test_a_test_lead_is_nobodys_work(centre: CallCentre):
    await centre.lead(lead=lead_ref("lead_1", test=True))
    answer = await centre.service.http.get("/v1/work-items/lead_1", headers=centre.service.headers("admin"))
    assert answer.status_code == 404


async def test_the_last_version_of_a_lead_wins_in_any_order(centre: CallCentre):
    """An update that overtakes its acceptance makes the item; the acceptance then changes nothing."""
    event = lead_event("lead_1")
    await centre.service.deliver(_updated(event, comments="third"), 3)
    await centre.service.deliver(event, 1)
    await centre.service.deliver(_updated(event, comments="second"), 2)
    item = await centre.item()
    assert (item["comments"], item["state"]) == ("third", "queued")
    await centre.service.deliver(_updated(event, comments="fourth"), 4)
    assert (await centre.item())["comments"] == "fourth"
    assert await centre.told() == ["lead.queued 1"]


async def test_a_new_number_moves_the_lead_to_its_place(centre: CallCentre):
    event = await centre.lead()
    await centre.service.deliver(_updated(event, person=Person(phone="+14155550123")), 2)
    answer = await centre.claim()
    assert answer.json()["work_item"]["timezone_candidates"] == ["America/Los_Angeles"]


async def test_i2_16_the_leads_own_order_grows_until_an_agent_edits_it(centre: CallCentre):
    price = Money(amount_minor=990, currency="EUR")
    event = await centre.partial()
    assert (await centre.item())["order"]["items"] == []
    grown = Order(number="P1", status="partial", items=[OrderItem(product_code="A", quantity=2, unit_price=price)])
    await centre.service.deliver(_updated(event, order=grown), 2)
    order = (await centre.item())["order"]
    assert order["items"][0]["quantity"] == 2
    headers = centre.service.headers("supervisor")
    path = f"/v1/orders/{order['id']}"
    edited = await centre.service.http.patch(path, json={"items": []}, headers=headers)
    assert edited.status_code == 200
    await centre.service.deliver(_updated(event, order=grown), 3)
    assert (await centre.item())["order"]["items"] == []


async def test_a_whole_batch_is_stored_at_once(centre: CallCentre, service: ServiceUnderTest):
    """One delivery of many leads, some of them twice, in one transaction."""
    from assignment_svc.leads.receive_leads import receive_leads  # noqa: PLC0415
    from contracts.envelope import Trace, decode_envelope, encode  # noqa: PLC0415

    events = [lead_event(f"lead_{number}") for number in range(100)]
    events += [lead_event(f"lead_{number}", comments="newer") for number in range(10)]
    received: list[Received[LeadContent]] = [
        Received(event, decode_envelope(encode(event, source="/x", sequence=index, trace=Trace()).body))
        for index, event in enumerate(events)
    ]
    async with service.db.unit_of_work() as work:
        await receive_leads(work, received)
    assert await service.db.pool.fetchval("SELECT count(*) FROM queue") == 100
    assert await service.db.pool.fetchval("SELECT count(*) FROM outbox") == 101, "and the campaign's"
    assert (await centre.item("lead_3"))["comments"] == "newer"


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize(
    ("location", "after_validation", "state"),
    [
        ("queue", "queue", "queued"),
        ("pending", "queue", "pending"),
        ("queue", "both", "queued"),
        ("queue", "deliver", "pending"),
    ],
)
async def test_v4_4_a_confirmed_lead_goes_on(
    centre: CallCentre, location: str, after_validation: str, state: str, early: bool
):
    """A verdict that comes before its lead waits for it."""
    if early:
        await centre.verdict("lead_1", confirmed=True)
    await centre.lead(hold=True, location=location, after_validation=after_validation)
    if not early:
        assert (await centre.item())["state"] == "held"
        await centre.verdict("lead_1", confirmed=True)
    assert (await centre.item())["state"] == state
    assert await centre.told() == ["lead.held 1", f"lead.{'queued' if state == 'queued' else 'pended'} 2"]
    assert (await centre.claim()).status_code == (200 if state == "queued" else 204)


@pytest.mark.parametrize("early", [False, True])
async def test_v4_4_a_rejected_lead_is_invalid(centre: CallCentre, early: bool):
    if early:
        await centre.verdict("lead_1", confirmed=False)
    await centre.lead(hold=True)
    if not early:
        await centre.verdict("lead_1", confirmed=False)
    item = await centre.item()
    assert (item["state"], item["reason"]) == ("invalid", "validation-rejected")
    reopen = await centre.supervise("work-items/lead_1/reopen", reason="please")
    assert (reopen.status_code, reopen.json()["code"]) == (409, "not-validated")


async def test_v4_8_a_case_that_was_reopened_and_confirmed_brings_its_lead_back(centre: CallCentre):
    await centre.lead(hold=True)
    await centre.verdict("lead_1", confirmed=False, version=2)
    await centre.verdict("lead_1", confirmed=True, version=4)
    await centre.verdict("lead_1", confirmed=False, version=2)
    assert (await centre.item())["state"] == "queued"


async def test_i2_18_a_suppression_takes_leads_out_at_once_and_breaks_the_lock(centre: CallCentre):
    for lead_id, fields in {
        "lead_1": {"person": Person(phone="+358401111111", email="a@one.example")},
        "lead_2": {"person": Person(phone="+358402222222", email="b@two.example"), "location": "pending"},
        "lead_3": {"person": Person(phone="+358403333333", email="c@two.example"), "hold": True},
        "lead_4": {"person": Person(phone="+358404444444", email="d@three.example")},
    }.items():
        await centre.lead(lead_id, **fields)
    lead_id, token = await centre.claimed()
    assert lead_id == "lead_4"
    await centre.suppress("email", "d@three.example")
    refused = await centre.step("lead_4", "release", token)
    assert refused.status_code in {404, 409}
    assert await centre.service.db.pool.fetchval("SELECT count(*) FROM locks") == 0
    assert await centre.told("lead_4") == ["lead.queued 1", "lead.claimed 2", "lead.suppressed 3"]
    await centre.suppress("domain", "two.example")
    await centre.suppress("phone", "+358401111111", "project", "prj_elsewhere")
    states = {n: (await centre.item(f"lead_{n}"))["state"] for n in (1, 2, 3, 4)}
    assert states == {1: "queued", 2: "suppressed", 3: "suppressed", 4: "suppressed"}
    await centre.suppress("phone", "+358401111111", "project", "prj_1")
    assert (await centre.item("lead_1"))["state"] == "suppressed"
    assert (await centre.claim()).status_code == 204


async def test_i2_18_a_lead_that_comes_after_its_suppression_is_suppressed(centre: CallCentre):
    await centre.suppress("phone", "+358401111111")
    await centre.lead(person=Person(phone="+358401111111"))
    assert await centre.told() == ["lead.queued 1", "lead.suppressed 2"]


async def test_i2_18_what_a_sweep_missed_is_found_by_the_second_one(centre: CallCentre):
    await centre.suppress("phone", "+358401111111", "project", "prj_1")
    await centre.lead()
    await centre.service.db.pool.execute("UPDATE leads SET phone = '+358401111111'")
    await centre.fire()
    assert (await centre.item())["state"] == "queued", "not before its time"
    await centre.pass_time(seconds=4)
    assert (await centre.item())["state"] == "suppressed"


async def test_e12_a_lead_expires_at_the_maximum_age(centre: CallCentre):
    from contracts.events.sponsor import QueueRules  # noqa: PLC0415

    await centre.lead("lead_old", received_at=datetime(2026, 1, 1, tzinfo=UTC))
    await centre.lead("lead_new")
    await centre.project(queue=QueueRules(max_age_hours=24))
    await centre.fire()
    assert (await centre.item("lead_new"))["state"] == "queued"
    assert (await centre.item("lead_old"))["reason"] == "age"
    assert await centre.told("lead_old") == ["lead.queued 1", "lead.expired 2"]
