"""Contacts that a CRM announced enter through intake (S0.9)."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from contracts.events.intake import LeadAcceptedV1, LeadRejectedV1, LeadSoldV1
from contracts.events.sponsor import Contact, ContactListCreatedV1, ContactsReleasedV1
from contracts.events.values import Account, Consent
from contracts.ids import new_uuid
from lead_intake_svc.testing import World
from lead_intake_svc.testing_returns import CANARY, buyer, erase, rule, status
from messaging.errors import NotYet


def chunk(**contacts: Contact) -> ContactsReleasedV1:
    return ContactsReleasedV1(campaign_id="camp", project_id="prj_crm", contact_list_id="lst_crm", contacts=contacts)


async def known(world: World, **project: Any) -> None:
    await world.service.deliver(
        ContactListCreatedV1(contact_list_id="lst_crm", name="Spring", project_id="prj_crm"), sequence=1
    )
    await world.project("prj_crm", **project)


async def test_s0_9_contacts_become_leads_of_the_list_with_every_check(world: World):
    await known(world, call_centre_validation=True)
    entry = {"kind": "phone", "value": "+358401112222"}
    await world.http.post("/v1/suppressions", json=entry, headers=world.service.headers())
    account = Account(external_id="acc-1", name="Oy Firma Ab", fields={"size": 10})
    consent = Consent(given_at=datetime(2026, 1, 1, tzinfo=UTC), text="Yes.")
    good = Contact(
        first_name="Maija",
        last_name="Virtanen",
        phone="040 111 2221",
        account=account,
        consent=consent,
        custom={"a": 1},
    )
    event = chunk(
        c1=good,
        c2=Contact(last_name="Gone", phone="+358401112222"),
        c3=Contact(last_name="Wrong", phone="12"),
        c4=Contact(last_name="Twice", phone="+358401112221"),
    )
    await world.service.deliver(event)
    (accepted,) = await world.service.published(LeadAcceptedV1)
    assert isinstance(accepted, LeadAcceptedV1)
    assert (accepted.external_id, accepted.lead.partner_id) == ("prj_crm:c1", "ptr_internal")
    assert (accepted.lead.contact_list_id, accepted.hold, accepted.location) == ("lst_crm", True, "queue")
    assert (accepted.person.phone, accepted.account, accepted.consent) == ("+358401112221", account, consent)
    refused = await world.service.published(LeadRejectedV1)
    reasons = [event.reason for event in refused if isinstance(event, LeadRejectedV1)]
    assert reasons == ["suppressed", "phone-invalid", "duplicate"]


async def test_s0_9_a_repeated_portion_and_a_repeated_contact_change_nothing(world: World):
    await known(world)
    contacts = {f"c{n}": Contact(last_name="Virtanen", phone=f"+3584011{n:05}") for n in range(450)}
    message = new_uuid()
    assert isinstance(message, UUID)
    for _ in range(2):
        await world.service.deliver(chunk(**contacts), message_id=message)
    await world.service.deliver(chunk(**contacts))
    assert await world.count("leads") == 450
    assert len(await world.service.published(LeadAcceptedV1)) == 450


async def test_s0_9_contacts_wait_for_their_project_and_enter_a_passive_one(world: World):
    event = chunk(c1=Contact(last_name="Virtanen", phone="+358401112221"))
    with pytest.raises(NotYet):
        await world.service.deliver(event)
    await known(world, state="passive")
    await world.service.deliver(event)
    assert len(await world.service.published(LeadAcceptedV1)) == 1


async def test_s0_9_i2_24_contacts_obey_the_rules_that_sell_leads(world: World):
    await known(world)
    buyer_id = await buyer(world)
    await rule(world, buyer_id=buyer_id, project_id="prj_crm")
    good = Contact(last_name="Virtanen", phone="+358401112221")
    await world.service.deliver(chunk(c1=good, c2=Contact(last_name="Wrong", phone="12")))
    (sold,) = await world.service.published(LeadSoldV1)
    assert isinstance(sold, LeadSoldV1)
    assert (sold.buyer_id, sold.external_id) == (buyer_id, "prj_crm:c1")
    assert await status(world, sold.lead.lead_id) == "sold"
    await world.service.deliver(chunk(c1=good))
    assert await world.count("sales") == 1


async def test_s0_9_i2_27_who_was_erased_does_not_come_back_as_a_contact(world: World):
    """Whatever was on its way meanwhile, and whatever the CRM says later: not even a rejected lead is kept."""
    await known(world)
    await erase(world, phone="+358401112221", email="maija@example.com")
    await world.service.deliver(
        chunk(
            c1=Contact(last_name=CANARY, phone="040 111 2221"),
            c2=Contact(last_name=CANARY, phone="+358401119999", email="Maija@Example.com"),
            c3=Contact(last_name="Virtanen", phone="+358401112222"),
        )
    )
    (lead,) = await world.rows("SELECT last_name FROM leads")
    assert (lead["last_name"], await world.traces(CANARY)) == ("Virtanen", [])


async def test_s0_9_i2_27_a_contact_that_enters_at_the_same_moment_is_found(world: World):
    """Many times at once: the lead is erased, or was never there."""
    await known(world)
    for n in range(8):
        phone = f"+3584011125{n:02}"
        contact = chunk(**{f"c{n}": Contact(last_name=CANARY, phone=phone)})
        await asyncio.gather(world.service.deliver(contact), erase(world, phone=phone))
    assert [row["last_name"] for row in await world.rows("SELECT last_name FROM leads")].count(CANARY) == 0
