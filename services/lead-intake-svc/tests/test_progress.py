"""The public status and the timeline through returns, call-backs, offers and messages: right in any order."""

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from contracts.event import Event
from contracts.events import assignment as a
from contracts.events import notify as n
from contracts.events import validation as v
from contracts.events.values import Account, LeadRef, Person
from lead_intake_svc.testing import World, bearer

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def ref(world: World, lead_id: str) -> LeadRef:
    return LeadRef(lead_id=lead_id, partner_id=world.partner_id, project_id="prj_a")


def about(world: World, lead_id: str) -> dict[str, Any]:
    return {"lead": ref(world, lead_id), "received_at": NOW}


async def read(world: World, lead_id: str) -> dict[str, Any]:
    return dict((await world.http.get(f"/v1/leads/{lead_id}", headers=world.service.headers())).json())


OFFER: dict[str, Any] = {"offer_id": "off_1", "agent_id": "usr_1", "lapses_at": NOW}
CALLBACK: dict[str, Any] = {"callback_id": "cb_1", "agent_id": "usr_1", "at": NOW}
STATES: list[tuple[type[a.WorkItemEvent], dict[str, Any], str, str | None]] = [
    (a.CallbackScheduledV1, {**CALLBACK, "private": True}, "callback", "usr_1"),
    (a.CallbackScheduledV1, {**CALLBACK, "private": False}, "callback", None),
    (a.OfferSentV1, OFFER, "offer_sent", "usr_1"),
    (a.LeadWithdrawnV1, {"reason": "return-requested", "cause_id": "ret_1"}, "return_hold", None),
    (a.LeadWithdrawnV1, {"reason": "returned", "cause_id": "ret_1"}, "returned", None),
    (a.LeadWithdrawnV1, {"reason": "sold", "cause_id": "sale_1"}, "sold", None),
    (a.LeadRestoredV1, {"state": "claimed", "cause_id": "ret_1", "agent_id": "usr_1"}, "claimed", "usr_1"),
    (a.LeadRestoredV1, {"state": "queued", "cause_id": "ret_1"}, "queued", None),
    (a.LeadSuppressedV1, {"suppression_id": "sup_1"}, "suppressed", None),
]


@pytest.mark.parametrize(("event_class", "fields", "status", "agent"), STATES)
async def test_i2_26_every_event_has_its_status(
    world: World, event_class: type[a.WorkItemEvent], fields: dict[str, Any], status: str, agent: str | None
):
    lead_id = (await world.accepted())["id"]
    await world.service.deliver(event_class(**about(world, lead_id), **fields), sequence=5)
    shown = await read(world, lead_id)
    assert (shown["status"], shown["agent_id"]) == (status, agent)
    listed = (await world.http.get(f"/v1/leads?status={status}", headers=world.service.headers())).json()["data"]
    assert [row["id"] for row in listed] == [lead_id]


async def test_i2_13_repeats_and_swaps_of_a_return_end_in_the_same_state(world: World):
    seen: set[str] = set()
    orders = list(itertools.permutations(range(6)))
    for order in orders[:: len(orders) // 8]:
        lead_id = (await world.accepted())["id"]
        base = about(world, lead_id)
        events: list[tuple[int, Event]] = [
            (2, a.LeadClaimedV1(**base, agent_id="usr_1")),
            (3, a.LeadWithdrawnV1(**base, reason="return-requested", cause_id="ret_1", agent_id="usr_1")),
            (4, a.LeadRestoredV1(**base, state="claimed", cause_id="ret_1", agent_id="usr_1")),
            (5, a.CallbackScheduledV1(**base, **CALLBACK, private=True)),
            (2, v.LeadInvalidatedV1(lead=base["lead"], reason="no")),
            (3, v.LeadRevalidatedV1(lead=base["lead"], reason="yes")),
        ]
        for place in [*order, *order[:3]]:
            sequence, event = events[place]
            await world.service.deliver(event, sequence=sequence)
        shown = await read(world, lead_id)
        seen.add(f"{shown['status']} {shown['agent_id']} {shown['billable']}")
    assert seen == {"callback usr_1 True"}


async def test_v4_9_only_billable_flips_and_the_status_stays(world: World):
    lead_id = (await world.accepted())["id"]
    lead = ref(world, lead_id)
    await world.service.deliver(v.CaseConfirmedV1(lead=lead), sequence=2)
    await world.service.deliver(v.LeadInvalidatedV1(lead=lead, reason="not in the area"), sequence=3)
    shown = await read(world, lead_id)
    assert (shown["contact_status"], shown["billable"]) == ("confirmed", False)


async def test_the_timeline_tells_of_everything_and_partners_read_no_customer_data_in_it(world: World):
    lead_id = (await world.accepted())["id"]
    base, lead = about(world, lead_id), ref(world, lead_id)
    told: dict[str, Any] = {"cause_id": "c", "cause_type": "intake.lead.accepted.v1", "lead": lead}
    mail: dict[str, Any] = {"email_id": "eml_1", "cause_id": "c", "template": "offer", "recipient": "x@example.com"}
    hook: dict[str, Any] = {**told, "delivery_id": "whd_1", "endpoint_id": "whe_1"}
    nobody: dict[str, Any] = {**hook, "lead": None}
    person = Person(first_name="Canary", phone="+358401234567")
    events: list[Event] = [
        a.CallbackDueV1(**base, **CALLBACK, private=True, note="canary"),
        a.OfferAcceptedV1(**base, **OFFER),
        a.OfferLapsedV1(**base, **OFFER),
        a.OpportunityCreatedV1(
            **base, opportunity_id="opp_1", tool_id="t", tool="Solar", module="m", agent_id="usr_1", contact=person,
            account=Account(external_id="canary"), fields={"a": "canary"},
        ),
        a.SurveyAnsweredV1(
            **base, answer_id="a", template_id="t", template_version=1, agent_id="usr_1", answers={"q": "canary"}
        ),
        a.MessageRequestedV1(
            **base, message_id="m", template_id="t", agent_id="usr_1", recipient="canary@example.com",
            variables={"name": "canary"},
        ),
        v.CaseReleasedV1(lead=lead),
        v.ReturnProposedV1(lead=lead, mode="ask", reason="wrong number", note="canary"),
        n.EmailBouncedV1(**mail, lead=lead, kind="bounce", reason="gone"),
        n.WebhookDeliveredV1(**hook),
        n.WebhookExhaustedV1(**hook, reason="410"),
        n.WebhookDeliveredV1(**nobody),
    ]  # fmt: skip
    for sequence, event in enumerate(events, start=2):
        await world.service.deliver(event, sequence=sequence)
    path = f"/v1/leads/{lead_id}/timeline"
    entries = (await world.http.get(path, headers=world.service.headers())).json()["data"]
    assert {entry["event"] for entry in entries} == {event.type for event in events} | {"intake.lead.accepted.v1"}
    summaries = {entry["summary"] for entry in entries}
    assert {
        "Call-back due",
        "Opportunity created (Solar)",
        "Webhook exhausted (410)",
        "E-mail bounced (offer)",
    } <= summaries
    assert "Return proposed (wrong number)" in summaries
    assert (await read(world, lead_id))["status"] == "accepted"
    partner = (await world.http.get(path, headers=bearer(world.key))).text
    assert "anary" not in partner
    assert "+358401234567" not in partner
