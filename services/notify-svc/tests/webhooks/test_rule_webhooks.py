"""N5.7: rules that name webhook endpoints, beside recipients or alone."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from contracts.envelope import Trace, decode_envelope, decode_event
from contracts.event import EVENT_TYPES
from contracts.events.assignment import AlarmRaisedV1
from contracts.events.intake import ImportCompletedV1, LeadRejectedV1, LeadSoldV1
from contracts.events.sponsor import ContactListExpiredV1, ProjectChangedV1, ProjectContent, ProjectCreatedV1
from contracts.samples import example_envelope
from notify_svc.rules.catalogue import EVENT_TYPES as RULED
from notify_svc.rules.matching import Occurrence
from notify_svc.rules.outward import audience_of, told_by_rule
from servicekit.testing import ServiceUnderTest

RULES = "/v1/notification-rules"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def calling(hooks: Any) -> Any:
    """A rule that calls endpoints, and mails nobody."""

    async def make(*endpoints: Any, event_types: list[str], status: int = 201, **fields: Any) -> Any:
        body = {"name": "Calls", "event_types": event_types, "endpoint_ids": [each["id"] for each in endpoints]}
        return await hooks.call("POST", RULES, status, json=body | fields)

    return make


def _rejected(lead_ref: Any, number: int = 1, **fields: Any) -> LeadRejectedV1:
    return LeadRejectedV1(
        lead=lead_ref(number, **fields), external_id=f"ext-{number}", received_at=NOW, reason="duplicate"
    )


def _project(kind: type[ProjectContent] = ProjectCreatedV1, **fields: Any) -> Any:
    standard: dict[str, Any] = {"project_id": "prj_1", "name": "Solar", "kind": "outbound", "state": "active"}
    known: dict[str, Any] = standard | {"sponsor_id": "spo_1"} | fields
    return kind(**known)


async def test_n5_7_a_rule_calls_an_endpoint_that_asks_for_nothing_itself(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, calling: Any, lead_ref: Any
):
    """Signed, and in the words in which webhooks tell it to that owner."""
    endpoint = await hooks.endpoint(hook_sink.url(), event_types=[])
    await calling(endpoint, event_types=["intake.lead.rejected.v1"], filter={"reasons": ["duplicate"]})
    await service.deliver(_rejected(lead_ref))
    await hooks.settle()
    [post] = hook_sink.posts
    told = post.verified_with(endpoint["secret"])
    assert told["type"] == "intake.lead.rejected.v1"
    assert told["data"].items() >= {"lead_id": "lead_0001", "external_id": "ext-1", "reason": "duplicate"}.items()
    assert (await service.db.pool.fetchval("SELECT count(*) FROM emails")) == 0


async def test_n5_7_recipients_and_endpoints_hear_of_the_same_event(  # noqa: PLR0917 -- fixtures
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, mailer: Any, new_rule: Any, lead_ref: Any
):
    endpoint = await hooks.endpoint(hook_sink.url(), event_types=[], owner_kind="crm", owner_id=None)
    await new_rule(endpoint_ids=[endpoint["id"]])
    await service.deliver(_rejected(lead_ref))
    await hooks.settle()
    assert [row["recipient"] for row in await mailer.rows()] == ["boss@centre.example"]
    assert [post.json["data"]["partner_id"] for post in hook_sink.posts] == ["ptr_1"]


async def test_n5_7_one_call_where_the_endpoint_listens_anyway_and_two_rules_name_it(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, calling: Any, lead_ref: Any
):
    endpoint = await hooks.endpoint(hook_sink.url(), "intake.lead.*")
    for _ in range(2):
        await calling(endpoint, event_types=["intake.lead.rejected.v1"])
    await service.deliver(_rejected(lead_ref))
    await hooks.settle()
    assert len(hook_sink.posts) == len(await hooks.rows()) == 1


async def test_n5_7_an_endpoint_hears_only_of_what_is_its_owners(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, calling: Any, lead_ref: Any
):
    """Whatever a rule names: another partner's leads, another sponsor's and another project's stay unheard."""
    owners = {
        "p2": ("partner", "ptr_2"),
        "s2": ("sponsor", "spo_2"),
        "j2": ("project", "prj_2"),
        "s1": ("sponsor", "spo_1"),
    }
    made = [
        await hooks.endpoint(hook_sink.url(f"/{name}"), event_types=[], owner_kind=kind, owner_id=owner_id)
        for name, (kind, owner_id) in owners.items()
    ]
    await calling(*made, event_types=["intake.lead.rejected.v1", "sponsor.contact_list.expired.v1"])
    await service.deliver(_rejected(lead_ref))
    expired = ContactListExpiredV1(
        contact_list_id="lst_1", name="March", project_id="prj_1", sponsor_id="spo_1", expires_on=date(2026, 3, 1)
    )
    await service.deliver(expired)
    await hooks.settle()
    assert sorted((post.path, post.json["type"]) for post in hook_sink.posts) == [
        ("/s1", "intake.lead.rejected.v1"),
        ("/s1", "sponsor.contact_list.expired.v1"),
    ]
    assert all("external_id" not in post.json["data"] for post in hook_sink.posts)


async def test_n5_7_partners_systems_hear_of_changes_to_the_campaigns_they_feed(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, calling: Any, make_lead: Any
):
    feeds = await hooks.endpoint(hook_sink.url("/feeds"), event_types=[])
    other = await hooks.endpoint(hook_sink.url("/other"), event_types=[], owner_id="ptr_2")
    await calling(feeds, other, event_types=["sponsor.project.changed.v1"])
    await service.deliver(_project())
    await service.deliver(make_lead())
    changed = _project(ProjectChangedV1, name="Solar roofs")
    await service.deliver(changed, 2)
    await hooks.settle()
    [post] = hook_sink.posts
    assert post.path == "/feeds"
    assert post.json["data"] == {
        "project_id": "prj_1", "name": "Solar roofs", "state": "active", "sequence": 2,
        "changes": [{"what": "name", "was": "Solar", "now": "Solar roofs"}],
    }  # fmt: skip


async def test_n5_7_the_built_in_rules_about_campaigns_and_alarms_may_call_endpoints_too(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any
):
    """Alarms go to those who run the house only."""
    crm = await hooks.endpoint(hook_sink.url("/crm"), event_types=[], owner_kind="crm", owner_id=None)
    project = await hooks.endpoint(hook_sink.url("/project"), event_types=[], owner_kind="project", owner_id="prj_1")
    await hooks.call("PATCH", f"{RULES}/rul_alarm", json={"endpoint_ids": [crm["id"], project["id"]]})
    await hooks.call("PATCH", f"{RULES}/rul_purchase", 409, json={"endpoint_ids": [crm["id"]]})
    await service.deliver(AlarmRaisedV1(alarm="queue-stuck", key="prj_1", detail="Nobody claims.", project_id="prj_1"))
    await hooks.settle()
    [post] = hook_sink.posts
    assert (post.path, post.json["data"]["alarm"]) == ("/crm", "queue-stuck")


async def test_n5_7_endpoints_that_are_not_there_are_refused_and_rules_tell_somebody(
    hooks: Any, hook_sink: Any, calling: Any
):
    types = ["intake.lead.rejected.v1"]
    endpoint = await hooks.endpoint(hook_sink.url())
    pushed = await hooks.leadwire(hook_sink.url())
    for unknown in ({"id": "whe_unknown"}, pushed):
        problem = await calling(endpoint, unknown, event_types=types, status=422)
        assert problem["errors"][0] == problem["errors"][0] | {"pointer": "/endpoint_ids/1", "code": "endpoint-unknown"}
    problem = await calling(event_types=types, status=422)
    assert problem["errors"][0]["code"] == "recipient-missing"
    person = {"kind": "address", "address": "a@b.example"}
    problem = await calling(endpoint, event_types=types, recipients=[person], status=422)
    assert problem["errors"][0]["code"] == "template-unknown"
    rule = await calling(endpoint, event_types=types)
    await hooks.call("PATCH", f"{RULES}/{rule['id']}", 422, json={"endpoint_ids": []})
    await hooks.call("PATCH", f"{RULES}/{rule['id']}", 422, json={"recipients": [person]})


async def test_n5_7_an_endpoint_that_was_deleted_is_called_no_more(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, calling: Any, lead_ref: Any
):
    endpoint = await hooks.endpoint(hook_sink.url())
    rule = await calling(endpoint, event_types=["intake.lead.rejected.v1"])
    await hooks.call("DELETE", f"/v1/webhook-endpoints/{endpoint['id']}", 204)
    await service.deliver(_rejected(lead_ref))
    assert await hooks.rows() == []
    assert (await hooks.call("GET", f"{RULES}/{rule['id']}"))["endpoint_ids"] == [endpoint["id"]]


async def test_n5_7_imports_are_told_to_the_partner_that_sent_the_file(
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, calling: Any
):
    mine = await hooks.endpoint(hook_sink.url("/mine"), event_types=[])
    other = await hooks.endpoint(hook_sink.url("/other"), event_types=[], owner_id="ptr_2")
    await calling(mine, other, event_types=["intake.import.completed.v1"])
    done = ImportCompletedV1(
        import_id="imp_1", partner_id="ptr_1", project_id="prj_1", rows=2, actor="usr_9", results={"accepted": 2}
    )
    await service.deliver(done)
    await hooks.settle()
    [post] = hook_sink.posts
    assert post.path == "/mine"
    assert post.json["data"].items() >= {"import_id": "imp_1", "results": {"accepted": 2}}.items()
    assert "actor" not in post.json["data"]


@pytest.mark.parametrize("event_type", sorted(RULED))
def test_n5_7_every_event_of_rules_has_an_outward_shape_without_what_is_internal(event_type: str):
    envelope = example_envelope(event_type, full=True)
    event: Any = decode_event(decode_envelope(msgspec.json.encode(envelope)))
    occurrence = Occurrence(
        id=envelope.id, type=event_type, at=NOW, trace=envelope.trace, data={}, lead=getattr(event, "lead", None)
    )
    assert EVENT_TYPES[event_type] is type(event)
    for audience in ("partner", "sponsor", "project", "crm"):
        told = told_by_rule(event, occurrence, audience, with_comments=False, external_id="ext") or {}
        assert not {"agent_id", "actor", "note", "decided_by", "evidence", "person", "comment"} & told.keys()
        if audience in {"partner", "sponsor"}:
            assert not {"buyer_id", "sale_id", "partner_id"} & told.keys()
        if audience != "partner":
            assert told.get("external_id") is None
    if isinstance(event, LeadSoldV1):
        assert told_by_rule(event, occurrence, "partner", with_comments=True, external_id="ext") is None


def test_n5_7_an_owner_is_told_of_nothing_without_an_owner_of_its_kind():
    nowhere = Occurrence(id=uuid4(), type="intake.alarm.raised.v1", at=NOW, trace=Trace(), data={})
    assert audience_of("sponsor", "spo_1", nowhere, {}) is None
    assert audience_of("project", "prj_1", nowhere, {}) is None
    assert audience_of("partner", "ptr_1", nowhere, {"": ["ptr_2"]}) is None
    assert audience_of("crm", None, nowhere, {}) == "crm"
