"""Reading leads: filters, pages, scopes, timelines and the public status."""

import itertools
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from contracts.event import Event
from contracts.events import assignment as a
from contracts.events import notify as n
from contracts.events import validation as v
from contracts.events.values import LeadRef
from lead_intake_svc.testing import World, bearer, lead

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def ref(world: World, lead_id: str) -> LeadRef:
    return LeadRef(lead_id=lead_id, partner_id=world.partner_id, project_id="prj_a")


def history(world: World, lead_id: str) -> list[tuple[int, Event]]:
    """A lead's life elsewhere, with the versions at its owners."""
    lead_ref = ref(world, lead_id)
    about: dict[str, Any] = {"lead": lead_ref, "received_at": NOW}
    return [
        (1, a.LeadHeldV1(**about)),
        (1, v.CaseOpenedV1(lead=lead_ref)),
        (2, v.CaseConfirmedV1(lead=lead_ref, attempts=1, decided_by="usr_v", note="said yes")),
        (2, a.LeadQueuedV1(**about)),
        (3, a.LeadClaimedV1(**about, agent_id="usr_agent", actor="usr_agent")),
        (4, a.LeadReleasedV1(**about, agent_id="usr_agent", attempts=1, next_attempt_at=NOW, note="not home")),
        (5, a.LeadClaimedV1(**about, agent_id="usr_agent")),
    ]


async def read(world: World, lead_id: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    response = await world.http.get(f"/v1/leads/{lead_id}", headers=headers or world.service.headers())
    return dict(response.json())


async def test_the_public_status_follows_the_other_services(world: World):
    answer = await world.accepted()
    expected = ["held", "held", "held", "queued", "claimed", "queued", "claimed"]
    for status, (sequence, event) in zip(expected, history(world, answer["id"]), strict=True):
        await world.service.deliver(event, sequence=sequence)
        assert (await read(world, answer["id"]))["status"] == status
    shown = await read(world, answer["id"])
    assert (shown["contact_status"], shown["agent_id"]) == ("confirmed", "usr_agent")


async def test_repeats_and_swaps_end_in_the_same_state(world: World):
    seen: set[str] = set()
    orders = list(itertools.permutations(range(7)))
    for order in orders[:: len(orders) // 6]:
        answer = await world.accepted()
        events = history(world, answer["id"])
        for place in [*order, *order[:3]]:
            sequence, event = events[place]
            await world.service.deliver(event, sequence=sequence, message_id=None)
        shown = await read(world, answer["id"])
        seen.add(f"{shown['status']} {shown['contact_status']} {shown['agent_id']}")
    assert seen == {"claimed confirmed usr_agent"}


async def test_a_message_that_comes_twice_is_one_entry(world: World):
    answer = await world.accepted()
    event = a.LeadQueuedV1(lead=ref(world, answer["id"]), received_at=NOW)
    message_id = uuid4()
    for _ in range(3):
        await world.service.deliver(event, sequence=1, message_id=message_id)
    assert await world.count("timeline") == 1


STATES: list[tuple[type[a.WorkItemEvent], dict[str, Any], str]] = [
    (a.LeadPendedV1, {}, "pending"),
    (a.LeadAssignedV1, {"agent_id": "usr_1", "via": "manual"}, "claimed"),
    (a.LeadUnassignedV1, {"agent_id": "usr_1", "location": "pending"}, "pending"),
    (a.LeadUnassignedV1, {"agent_id": "usr_1", "location": "queue"}, "queued"),
    (a.LeadReassignedV1, {"agent_id": "usr_2", "previous_agent_id": "usr_1"}, "claimed"),
    (a.LeadResolvedV1, {"agent_id": "usr_1", "disposition_id": "dsp_1", "disposition": "No need"}, "resolved"),
    (a.LeadInvalidatedV1, {"reason": "wrong number"}, "invalid"),
    (a.LeadSuppressedV1, {"suppression_id": "sup_1"}, "suppressed"),
    (a.LeadExpiredV1, {"reason": "age"}, "expired"),
    (a.LeadReopenedV1, {"reason": "mistake"}, "queued"),
]


@pytest.mark.parametrize(("event_class", "fields", "status"), STATES)
async def test_every_event_has_its_status(
    world: World, event_class: type[a.WorkItemEvent], fields: dict[str, Any], status: str
):
    answer = await world.accepted()
    await world.service.deliver(event_class(lead=ref(world, answer["id"]), received_at=NOW, **fields), sequence=5)
    assert (await read(world, answer["id"]))["status"] == status
    listed = (await world.http.get(f"/v1/leads?status={status}", headers=world.service.headers())).json()["data"]
    assert [row["id"] for row in listed] == [answer["id"]]


@pytest.mark.parametrize("state", ["resolved", "invalid", "suppressed", "expired"])
async def test_i2_16_finished_leads_are_not_changed(world: World, state: str):
    event_class, fields = next((event_class, fields) for event_class, fields, status in STATES if status == state)
    body = lead()
    answer = (await world.push(body)).json()
    await world.service.deliver(event_class(lead=ref(world, answer["id"]), received_at=NOW, **fields), sequence=5)
    refused = await world.push(body | {"comments": "late"})
    assert (refused.status_code, refused.json()["code"]) == (409, "lead-finished")
    assert state in refused.json()["detail"]
    assert (await world.push(body)).status_code == 200


async def test_i2_16_a_claimed_lead_may_grow(world: World):
    body = lead()
    answer = (await world.push(body)).json()
    await world.service.deliver(history(world, answer["id"])[4][1], sequence=3)
    assert (await world.push(body | {"comments": "more"})).status_code == 200


async def test_the_timeline_is_newest_first_across_services_and_pages(world: World):
    answer = await world.accepted()
    for sequence, event in history(world, answer["id"]):
        await world.service.deliver(event, sequence=sequence)
    mail = n.EmailSentV1(
        email_id="eml_1", cause_id="c", template="purchase", recipient="x@example.com", lead=ref(world, answer["id"])
    )
    await world.service.deliver(mail)
    path = f"/v1/leads/{answer['id']}/timeline"
    whole = (await world.http.get(path, headers=world.service.headers())).json()["data"]
    assert [entry["event"] for entry in whole] == [
        "notify.email.sent.v1",
        *(event.type for _, event in reversed(history(world, answer["id"]))),
        "intake.lead.accepted.v1",
    ]
    assert whole[2]["data"]["note"] == "not home"
    assert (whole[5]["actor"], whole[5]["summary"]) == ("usr_v", "Validation case confirmed")
    paged: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = (await world.http.get(f"{path}?limit=4{cursor}", headers=world.service.headers())).json()
        paged += page["data"]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert paged == whole


@pytest.mark.parametrize("comments", [True, False])
async def test_i2_10_what_is_said_inside_reaches_partners_only_when_set(world: World, comments: bool):
    partner = await world.partner(include_comments_with_return=comments)
    key = await world.issue(partner)
    await world.noticed()
    answer = (await world.push(key=key)).json()
    for sequence, event in history(world, answer["id"]):
        await world.service.deliver(event, sequence=sequence)
    wrong = a.LeadInvalidatedV1(lead=ref(world, answer["id"]), received_at=NOW, reason="rude to us")
    await world.service.deliver(wrong, sequence=6)
    shown = (await world.http.get(f"/v1/leads/{answer['id']}/timeline", headers=bearer(key))).text
    assert ("not home" in shown) is comments
    assert ("rude to us" in shown) is comments
    assert "usr_agent" not in shown
    sponsor = world.service.headers("sponsor", sponsor_id="spo_1")
    assert (await world.http.get(f"/v1/leads/{answer['id']}/timeline", headers=sponsor)).status_code == 404


async def test_lists_filter_and_page(world: World):
    ids = [(await world.accepted(external_id=f"x{n}", phone=f"+3584011100{n:02d}"))["id"] for n in range(5)]
    refused = (await world.push(lead(phone="+358401110003", email="Foo@example.com"))).json()
    admin = world.service.headers()

    async def found(query: str) -> list[str]:
        response = await world.http.get(f"/v1/leads?{query}", headers=admin)
        assert response.status_code == 200, response.text
        return [row["id"] for row in response.json()["data"]]

    assert await found("limit=100") == [refused["id"], *reversed(ids)]
    assert await found("external_id=x3") == [ids[3]]
    for person, expected in (
        ({"phone": "+358401110003"}, [refused["id"], ids[3]]),
        ({"email": "foo@EXAMPLE.com"}, [refused["id"]]),
    ):
        searched = await world.http.post("/v1/leads/search", json=person, headers=admin)
        assert [row["id"] for row in searched.json()["data"]] == expected
        in_the_address = await world.http.get("/v1/leads", params=person, headers=admin)
        assert in_the_address.json()["code"] == "personal-data-in-address"
    assert await found("status=rejected") == [refused["id"]]
    assert await found("project_id=prj_b") == []
    assert await found(f"partner_id={world.partner_id}&status=accepted&limit=2") == [ids[4], ids[3]]
    assert len(await found("from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z")) == 6
    assert await found("from=2100-01-01T00:00:00Z") == []
    first = (await world.http.get("/v1/leads?limit=4", headers=admin)).json()
    rest = (await world.http.get(f"/v1/leads?limit=4&cursor={first['next_cursor']}", headers=admin)).json()
    assert [row["id"] for row in first["data"] + rest["data"]] == [refused["id"], *reversed(ids)]
    bad = await world.http.get("/v1/leads?cursor=nonsense&limit=4", headers=admin)
    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "?cursor")


async def test_everybody_sees_their_own_rows_only(world: World):
    await world.project("prj_s", sponsor_id="spo_1")
    other_partner = await world.partner(name="Other")
    mine = await world.accepted(comments="psst", project_id="prj_s")
    theirs = (await world.push(key=await world.issue(other_partner))).json()
    headers = world.service.headers
    views = {
        "admin": (headers(), {mine["id"], theirs["id"]}),
        "supervisor": (headers("supervisor"), {mine["id"], theirs["id"]}),
        "partner": (headers("partner", partner_id=world.partner_id), {mine["id"]}),
        "key": (bearer(world.key), {mine["id"]}),
        "sponsor": (headers("sponsor", sponsor_id="spo_1"), {mine["id"]}),
        "other sponsor": (headers("sponsor", sponsor_id="spo_2"), set[str]()),
    }
    for name, (sent, visible) in views.items():
        listed = (await world.http.get("/v1/leads", headers=sent)).json()["data"]
        assert {row["id"] for row in listed} == visible, name
        for lead_id in (mine["id"], theirs["id"]):
            for path in (f"/v1/leads/{lead_id}", f"/v1/leads/{lead_id}/timeline"):
                response = await world.http.get(path, headers=sent)
                assert response.status_code == (200 if lead_id in visible else 404), (name, path)
    for level in ("leads_agent", "call_centre", "integration"):
        assert (await world.http.get("/v1/leads", headers=headers(level))).status_code == 403
    assert (await world.http.get("/v1/leads")).status_code == 401
    sponsor = await read(world, mine["id"], headers("sponsor", sponsor_id="spo_1"))
    assert sponsor["comments"] is None
    assert (await read(world, mine["id"], bearer(world.key)))["comments"] == "psst"


async def test_s0_11_an_agency_reads_the_leads_of_all_its_sponsors_in_order(world: World):
    made: dict[str, list[str]] = {"spo_1": [], "spo_2": [], "spo_3": []}
    for sponsor_id in made:
        await world.project(f"prj_{sponsor_id}", sponsor_id=sponsor_id)
    for number in range(12):
        sponsor_id = f"spo_{number % 3 + 1}"
        made[sponsor_id].append((await world.accepted(project_id=f"prj_{sponsor_id}"))["id"])
    agency = world.service.headers("sponsor", sponsor_ids=["spo_1", "spo_2"])
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await world.http.get("/v1/leads", headers=agency, params=params)).json()
        seen += [row["id"] for row in page["data"]]
        cursor = page["next_cursor"]
    assert seen == sorted(made["spo_1"] + made["spo_2"], reverse=True)
    for query, wanted in (
        ("sponsor_id=spo_2", made["spo_2"]), ("sponsor_id=spo_3", []), ("project_id=prj_spo_1", made["spo_1"]),
        ("status=accepted", made["spo_1"] + made["spo_2"]),
    ):  # fmt: skip
        page = (await world.http.get(f"/v1/leads?{query}", headers=agency)).json()
        assert {row["id"] for row in page["data"]} == set(wanted), query
    assert (await world.http.get(f"/v1/leads/{made['spo_2'][0]}", headers=agency)).status_code == 200
    assert (await world.http.get(f"/v1/leads/{made['spo_3'][0]}", headers=agency)).status_code == 404


async def test_s0_11_leads_and_exports_are_pages_of_their_own(world: World):
    await world.project("prj_s", sponsor_id="spo_1")
    lead_id = (await world.accepted(project_id="prj_s"))["id"]
    doors = {"/v1/leads": "leads", f"/v1/leads/{lead_id}": "leads", "/v1/leads/export": "exports"}
    doors[f"/v1/leads/{lead_id}/timeline"] = "leads"
    for page in ("overview", "statistics", "leads", "contact_lists", "products", "exports", None):
        headers = world.service.headers("sponsor", sponsor_id="spo_1", pages=[page] if page else [])
        for path, needed in doors.items():
            assert (await world.http.get(path, headers=headers)).status_code == (200 if page == needed else 403)


async def test_foreign_and_unknown_leads_answer_alike(world: World):
    theirs = (await world.push(key=await world.issue(await world.partner(name="Other")))).json()
    headers = bearer(world.key) | {"X-Request-Id": "same"}
    foreign = await world.http.get(f"/v1/leads/{theirs['id']}", headers=headers)
    unknown = await world.http.get("/v1/leads/lead_none", headers=headers)
    assert foreign.status_code == 404
    assert foreign.content == unknown.content


async def test_an_agent_reads_a_lead_while_it_is_theirs(world: World):
    answer = await world.accepted()
    agent = world.service.headers("leads_agent", user_id="usr_agent")
    path = f"/v1/leads/{answer['id']}"
    assert (await world.http.get(path, headers=agent)).status_code == 404
    events = history(world, answer["id"])
    await world.service.deliver(events[4][1], sequence=3)
    assert (await world.http.get(path, headers=agent)).status_code == 200
    assert (await world.http.get(path, headers=world.service.headers("leads_agent"))).status_code == 404
    await world.service.deliver(events[5][1], sequence=4)
    assert (await world.http.get(path, headers=agent)).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "leads?phone=%2B358401111111",
        "leads?email=a@b.example",
        "leads/export?email=a@b.example",
        "suppressions?value=x",
    ],
)
async def test_who_somebody_is_has_no_place_in_an_address(world: World, path: str):
    """security.md: not in URLs. It is said where to ask instead; an ignored filter would show everybody."""
    answer = await world.http.get(f"/v1/{path}", headers=world.service.headers())
    assert (answer.status_code, answer.json()["code"]) == (422, "personal-data-in-address")
    assert "/search" in answer.json()["detail"]
    assert "b.example" not in answer.text
