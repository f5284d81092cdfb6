"""`POST /v1/queue/claim`."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from assignment_svc.testing import AGENT, CallCentre, lead_ref
from contracts.envelope import Trace, decode_envelope, decode_event, encode
from contracts.events.assignment import LeadClaimedV1
from contracts.events.sponsor import QueueRules
from contracts.events.values import Person

NOW = datetime.now(UTC)


async def test_a2_5_the_next_lead_becomes_the_agents(centre: CallCentre):
    await centre.lead()
    answer = await centre.claim()
    assert answer.status_code == 200
    item = answer.json()["work_item"]
    assert (item["lead_id"], item["state"], item["agent_id"], item["version"]) == ("lead_1", "claimed", AGENT, 2)
    assert item["person"]["phone"].startswith("+35840")
    assert item["timezone_candidates"] == ["Europe/Helsinki", "Europe/Mariehamn"]
    assert answer.json()["lock"]["token"]
    assert await centre.told() == ["lead.queued 1", "lead.claimed 2"]
    (event,) = await centre.service.published(LeadClaimedV1)
    assert isinstance(event, LeadClaimedV1)
    assert (event.agent_id, event.actor) == (AGENT, AGENT)
    stored = await centre.item()
    assert {key: stored[key] for key in item if key != "lock"} == {key: item[key] for key in item if key != "lock"}
    assert (await centre.claim()).status_code == 204


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "claim-1"}], ids=["alone", "with a key"])
async def test_a2_5_what_the_claim_writes_is_the_contracts_event_and_envelope(centre: CallCentre, key: dict[str, str]):
    """The statement fills the blanks itself: nobody may see a difference to an event that Python has encoded."""
    accepted = await centre.lead(lead=lead_ref("lead_1", contact_list_id='list "1" ü'))
    traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    answer = await centre.claim(**key, **{"X-Request-Id": "request-1", "traceparent": traceparent})
    assert answer.status_code == 200
    (row,) = await centre.service.db.pool.fetch("SELECT * FROM outbox WHERE type = $1", LeadClaimedV1.type)
    written = decode_envelope(row["body"])
    expected = LeadClaimedV1(lead=accepted.lead, actor=AGENT, received_at=accepted.received_at, agent_id=AGENT)
    assert decode_event(written) == expected
    trace = Trace(correlation_id="request-1", traceparent=traceparent)
    encoded = decode_envelope(encode(expected, source="/leadwire/assignment-svc", sequence=2, trace=trace).body)
    assert msgspec.json.decode(written.data).keys() == msgspec.json.decode(encoded.data).keys()
    assert msgspec.structs.replace(written, id=encoded.id, time=encoded.time, data=encoded.data) == encoded
    assert (row["id"], row["subject"]) == (written.id, "lead_1")
    assert timedelta(0) <= encoded.time - written.time < timedelta(minutes=1)


async def test_a2_6_priority_comes_first_then_the_newest(centre: CallCentre):
    for number, priority in enumerate(["normal", "high", "medium", "normal", "high"]):
        await centre.lead(f"lead_{number}", priority=priority, received_at=NOW - timedelta(minutes=10 - number))
    assert [(await centre.claimed())[0] for _ in range(5)] == ["lead_4", "lead_1", "lead_2", "lead_3", "lead_0"]


async def test_a2_6_oldest_first_without_partner_priority(centre: CallCentre):
    for number, priority in enumerate(["normal", "high", "medium"]):
        await centre.lead(f"lead_{number}", priority=priority, received_at=NOW - timedelta(minutes=10 - number))
    await centre.project(queue=QueueRules(order="oldest", use_partner_priority=False))
    await centre.lead("lead_3", priority="high", received_at=NOW - timedelta(minutes=1))
    assert [(await centre.claimed())[0] for _ in range(4)] == ["lead_0", "lead_1", "lead_2", "lead_3"]


async def test_i2_7_a_new_priority_of_the_partner_reorders_its_leads(centre: CallCentre):
    from contracts.events.intake import PartnerChangedV1, PartnerCreatedV1  # noqa: PLC0415

    await centre.service.deliver(PartnerCreatedV1(partner_id="ptr_1", name="One"), 1)
    await centre.lead("lead_1", received_at=NOW - timedelta(minutes=5))
    other = lead_ref("lead_2")
    await centre.lead("lead_2", lead=type(other)(lead_id="lead_2", partner_id="ptr_2", project_id="prj_1"))
    await centre.service.deliver(PartnerChangedV1(partner_id="ptr_1", name="One", priority="high"), 2)
    assert (await centre.claimed())[0] == "lead_1"


async def test_the_best_lead_of_all_projects_and_places_is_taken(centre: CallCentre):
    await centre.project("prj_2")
    await centre.tick(project_id="prj_2")
    await centre.lead("lead_1", priority="medium")
    await centre.lead("lead_2", priority="normal", person=Person(phone="+4915112345678"))
    await centre.lead("lead_3", lead=lead_ref("lead_3", "prj_2"), priority="high")
    await centre.lead("lead_4", lead=lead_ref("lead_4", "prj_2"), person=Person(phone="+14155550123"))
    assert [(await centre.claimed())[0] for _ in range(2)] == ["lead_3", "lead_1"]
    assert (await centre.claimed(project_id="prj_2"))[0] == "lead_4"
    assert (await centre.claim(project_id="prj_2")).status_code == 204
    assert (await centre.claimed())[0] == "lead_2"


async def test_a_lead_that_came_a_moment_ago_goes_first_although_others_wait(centre: CallCentre):
    for number in range(20):
        await centre.lead(f"lead_{number:02d}", received_at=NOW - timedelta(minutes=60 - number))
    assert (await centre.claimed())[0] == "lead_19"
    await centre.lead("lead_new", priority="high")
    assert (await centre.claimed())[0] == "lead_new"


@pytest.mark.parametrize("level", ["admin", "supervisor", "call_centre", "sponsor", "partner"])
async def test_a2_5_only_agents_claim(centre: CallCentre, level: str):
    await centre.lead()
    headers = centre.service.headers(level, permissions=["queue.request"], sponsor_id="spo_1", partner_id="ptr_1")
    answer = await centre.service.http.post("/v1/queue/claim", json={}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a2_5_an_agent_without_the_permission_does_not_claim(centre: CallCentre):
    await centre.lead()
    headers = centre.as_agent(permissions=())
    assert (await centre.service.http.post("/v1/queue/claim", json={}, headers=headers)).status_code == 403


async def test_a_repeat_with_the_same_key_gives_the_first_answer(centre: CallCentre):
    """The answer was lost: the lead stays the agent's, and asking again does not take another one."""
    await centre.lead("lead_1")
    await centre.lead("lead_2")
    first = await centre.claim(**{"Idempotency-Key": "k1"})
    again = await centre.claim(**{"Idempotency-Key": "k1"})
    assert first.status_code == again.status_code == 200
    assert first.content == again.content
    assert again.headers["Idempotent-Replayed"] == "true"
    held = await centre.service.db.pool.fetchval("SELECT count(*) FROM work_items WHERE state = 'claimed'")
    assert held == 1


async def test_the_claim_without_a_body_is_understood(centre: CallCentre):
    await centre.lead()
    answer = await centre.service.http.post("/v1/queue/claim", headers=centre.as_agent())
    assert answer.status_code == 200
