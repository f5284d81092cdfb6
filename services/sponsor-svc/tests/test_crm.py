"""Campaigns that a CRM announces (S0.9)."""

import asyncio
from typing import Any

import httpx2
import pytest
from contracts.events.sponsor import ContactListCreatedV1, ContactsReleasedV1, ProjectChangedV1, ProjectCreatedV1
from sponsor_svc.crm.release_contacts import release_contacts

PATH = "/v1/crm/campaigns/camp-1"


def announcement(count: int = 3, **more: Any) -> dict[str, Any]:
    contacts = [{"external_id": f"c{n}", "last_name": "Virtanen", "phone": f"+35840{n:07}"} for n in range(count)]
    account = {"external_id": "acc-1", "name": "Oy Firma Ab", "fields": {"size": 10}, "contacts": contacts[1:]}
    return {"name": "Spring", "accounts": [account], "contacts": contacts[:1], **more}


async def announce(api: Any, level: str = "integration", path: str = PATH, **more: Any) -> httpx2.Response:
    return await api.service.http.put(path, json=announcement(**more), headers=api.service.headers(level))


async def released(api: Any) -> list[ContactsReleasedV1]:
    more = True
    while more:
        async with api.service.db.unit_of_work() as work:
            more = await release_contacts(work)
    events = await api.service.published(ContactsReleasedV1)
    return [event for event in events if isinstance(event, ContactsReleasedV1)]


async def test_s0_9_an_announced_campaign_is_available_and_the_same_again_changes_nothing(api: Any):
    first = await announce(api)
    assert first.status_code == 201, first.text
    campaign = first.json()
    assert (campaign["state"], campaign["contacts"], campaign["released"]) == ("available", 3, 0)
    project = await api.get(f"projects/{campaign['project_id']}")
    assert (project["name"], project["state"], project["kind"]) == ("Spring", "available", "outbound")
    assert (await api.get(f"contact-lists/{campaign['contact_list_id']}"))["project_id"] == project["id"]
    again = await announce(api)
    assert (again.status_code, again.json()) == (200, campaign)
    assert len(await api.service.published(ProjectCreatedV1, ContactListCreatedV1)) == 2
    assert await api.service.published(ProjectChangedV1) == []
    assert await released(api) == []


async def test_s0_9_ten_at_once_make_one_campaign(api: Any):
    answers = await asyncio.gather(*(announce(api) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert len({answer.json()["project_id"] for answer in answers}) == 1


async def test_s0_9_on_activation_every_contact_is_released_once_in_portions(api: Any):
    campaign = (await announce(api, count=1100)).json()
    await announce(api, count=1100, name="Summer")
    assert (await api.get(f"projects/{campaign['project_id']}"))["name"] == "Summer"
    path = f"/v1/projects/{campaign['project_id']}/activate"
    for _ in range(2):
        await api.service.http.post(path, headers=api.service.headers())
    events = await released(api)
    assert [len(event.contacts) for event in events] == [500, 500, 100]
    first = events[0]
    assert (first.campaign_id, first.contact_list_id) == ("camp-1", campaign["contact_list_id"])
    ids = [external_id for event in events for external_id in event.contacts]
    assert len(set(ids)) == 1100
    contact = events[0].contacts["c1"]
    assert contact.account is not None
    assert (contact.phone, contact.account.name, contact.account.fields) == (
        "+358400000001",
        "Oy Firma Ab",
        {"size": 10},
    )
    assert (await announce(api, count=1102)).json()["contacts"] == 1102
    (*_, last) = await released(api)
    assert sorted(last.contacts) == ["c1100", "c1101"]
    assert await api.service.db.pool.fetchval("SELECT count(*) FROM crm_contacts WHERE contact <> '{}'") == 0
    shown = await api.get("crm/campaigns/camp-1")
    assert (shown["state"], shown["contacts"], shown["released"]) == ("active", 1102, 1102)


async def test_s0_9_a_passive_campaign_releases_nothing(api: Any):
    campaign = (await announce(api)).json()
    for step in ("activate", "passivate"):
        path = f"/v1/projects/{campaign['project_id']}/{step}"
        await api.service.http.post(path, headers=api.service.headers())
    assert await released(api) == []


@pytest.mark.parametrize("level", ["supervisor", "sponsor", "leads_agent", "call_centre", "partner"])
async def test_s0_9_only_integrations_announce(api: Any, level: str):
    assert (await announce(api, level)).status_code == 403


async def test_s0_4_an_announced_campaign_needs_a_sponsor_when_there_is_one(api: Any):
    sponsor = await api.create("sponsors", name="Energy")
    assert (await announce(api)).json()["code"] == "sponsor-required"
    assert (await announce(api, sponsor_id="spo_none")).json()["code"] == "sponsor-unknown"
    assert (await announce(api, sponsor_id=sponsor["id"])).status_code == 201


@pytest.mark.parametrize(
    "change",
    [
        {"contacts": [{"external_id": "c1"}, {"external_id": "c1"}]},
        {"contacts": [{"external_id": "x" * 61}]},
        {"contacts": [{"external_id": "1", "unknown": 1}]},
        {"region": "XX"},
        {"state": "active"},
    ],
)
async def test_s0_9_what_makes_no_sense_is_refused(api: Any, change: dict[str, Any]):
    assert (await announce(api, **change)).status_code == 422
    assert await api.service.db.pool.fetchval("SELECT count(*) FROM projects") == 0
