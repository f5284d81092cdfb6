"""N5.7: who hears of what."""

from datetime import UTC, datetime
from typing import Any

import pytest
from contracts.events.assignment import LeadConvertedV1, LeadResolvedV1
from contracts.events.identity import UserChangedV1, UserCreatedV1, UserDeactivatedV1
from contracts.events.intake import LeadRejectedV1, LeadSoldV1
from contracts.events.sponsor import (
    IntakeRules,
    ProjectActivatedV1,
    ProjectChangedV1,
    ProjectCreatedV1,
    ProjectPassivatedV1,
    QueueRules,
)
from contracts.events.values import Money, Order
from servicekit.testing import ServiceUnderTest

RULES = "/v1/notification-rules"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PROJECT: dict[str, Any] = {"project_id": "prj_1", "name": "Solar", "kind": "outbound", "state": "active"}


async def _template(service: ServiceUnderTest, text: str = "{{ event.type }} {{ data.reason }}") -> str:
    body = {"name": "T", "subject": "{{ lead.id }} {{ project.name }}", "text": text}
    answer = await service.http.post("/v1/templates", json=body, headers=service.headers())
    return answer.json()["id"]


async def _rule(service: ServiceUnderTest, *recipients: dict[str, str], **fields: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": "Rejections",
        "event_types": ["intake.lead.rejected.v1"],
        "recipients": recipients or [{"kind": "address", "address": "Boss@Centre.example"}],
    }
    fields.setdefault("template_id", await _template(service))
    answer = await service.http.post(RULES, json=body | fields, headers=service.headers("supervisor"))
    assert answer.status_code == 201, answer.text
    return answer.json()


def _rejected(make_lead: Any, number: int = 1, *, test: bool = False, reason: str = "duplicate") -> LeadRejectedV1:
    lead = make_lead(number, test=test).lead
    return LeadRejectedV1(lead=lead, external_id=f"ext-{number}", received_at=NOW, reason=reason)


async def test_n5_7_a_rule_tells_of_what_its_filter_lets_pass(service: ServiceUnderTest, mailer: Any, make_lead: Any):
    await _rule(service, filter={"reasons": ["duplicate"], "project_ids": ["prj_1"]})
    await _rule(service, filter={"partner_ids": ["ptr_other"]})
    await _rule(service, active=False)
    await service.deliver(_rejected(make_lead, 1))
    await service.deliver(_rejected(make_lead, 2, reason="suppressed"))
    await service.deliver(_rejected(make_lead, 3, test=True))
    assert [(row["recipient"], row["lead_id"]) for row in await mailer.rows()] == [("boss@centre.example", "lead_0001")]


async def test_n5_7_test_leads_are_told_of_only_where_a_rule_says_so(
    service: ServiceUnderTest, mailer: Any, make_lead: Any
):
    await _rule(service, filter={"include_test": True})
    await service.deliver(_rejected(make_lead, 3, test=True))
    assert len(await mailer.rows()) == 1


async def test_n5_7_people_are_told_by_their_level_as_long_as_they_are_active(
    service: ServiceUnderTest, mailer: Any, make_lead: Any
):
    def user(kind: type[UserCreatedV1], name: str, level: str, *, active: bool = True) -> Any:
        return kind(user_id=name, email=f"{name}@Centre.example", name=name, access_level=level, active=active)

    for name, level in (
        ("usr_a", "supervisor"),
        ("usr_b", "supervisor"),
        ("usr_c", "leads_agent"),
        ("usr_d", "partner"),
    ):
        await service.deliver(user(UserCreatedV1, name, level))
    await service.deliver(UserDeactivatedV1(**_fields(user(UserCreatedV1, "usr_b", "supervisor", active=False))), 2)
    await service.deliver(UserChangedV1(**_fields(user(UserCreatedV1, "usr_b", "supervisor"))), 1)
    await _rule(service, {"kind": "users", "access_level": "supervisor"}, {"kind": "user", "user_id": "usr_c"})
    await service.deliver(_rejected(make_lead))
    assert sorted(row["recipient"] for row in await mailer.rows()) == ["usr_a@centre.example", "usr_c@centre.example"]


def _fields(user: UserCreatedV1) -> dict[str, Any]:
    return {name: getattr(user, name) for name in user.__struct_fields__}


async def test_n5_7_a_rule_about_accepted_leads_is_beside_the_purchase_notifications(
    service: ServiceUnderTest, mailer: Any, make_lead: Any, make_partner: Any
):
    template = await _template(service, "{{ data.person.phone }}")
    await _rule(service, event_types=["intake.lead.accepted.v1"], template_id=template)
    await service.deliver(make_partner())
    await service.deliver(make_lead())
    assert sorted(row["template"] for row in await mailer.rows()) == sorted(["purchase", template])


async def test_n5_7_of_what_agents_write_only_staff_hears(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    await service.deliver(make_partner(1, email="p@p.example"))
    await service.deliver(
        UserCreatedV1(user_id="usr_a", email="s@c.example", name="S", access_level="admin", active=True)
    )
    resolved = LeadResolvedV1(
        lead=make_lead().lead, received_at=NOW, actor="usr_9", agent_id="usr_9", disposition_id="d", disposition="No",
        note="rude person",
    )  # fmt: skip
    await _rule(
        service,
        {"kind": "users", "access_level": "admin"},
        {"kind": "partner_contact"},
        event_types=["assignment.lead.resolved.v1"],
        template_id=await _template(service, "{{ data.disposition }}/{{ data.note }}/{{ data.agent_id }}"),
    )
    await service.deliver(resolved)
    await mailer.settle(mailer.sender(sink.port))
    said = {mail.recipients[0]: mail.message.get_content().strip() for mail in sink.mails}
    assert said == {"s@c.example": "No/rude person/usr_9", "p@p.example": "No//"}


async def test_n5_7_partners_hear_of_changes_to_the_campaigns_that_they_feed(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    """Of those that concern them; not of queue settings, not of others' campaigns, not twice, not out of order."""
    for number in (1, 2, 3):
        await service.deliver(make_partner(number, purchase_notification_emails=[], email=f"p{number}@p.example"))
    await service.deliver(make_partner(3, purchase_notification_emails=[], email="p3@p.example", active=False), 2)
    for number in (1, 3):
        await service.deliver(make_lead(number, partner=number))
    await service.deliver(ProjectCreatedV1(**PROJECT), 1)
    await service.deliver(ProjectChangedV1(**PROJECT, queue=QueueRules(max_attempts=9)), 2)
    assert await mailer.rows() == []
    passive: dict[str, Any] = PROJECT | {"state": "passive"}
    another: dict[str, Any] = PROJECT | {"project_id": "prj_2"}
    needed = IntakeRules(required_fields=["postcode"])
    await service.deliver(ProjectChangedV1(**PROJECT, intake=needed), 3)
    await service.deliver(ProjectPassivatedV1(**passive, intake=needed), 4)
    await service.deliver(ProjectActivatedV1(**PROJECT), 2)
    await service.deliver(ProjectChangedV1(**another), 1)
    await mailer.settle(mailer.sender(sink.port))
    assert [mail.recipients for mail in sink.mails] == [["p1@p.example"]] * 2
    first, second = sorted(sink.mails, key=lambda mail: "passive" in mail.body("plain"))
    assert "required fields: none → postcode" in first.body("plain")
    assert str(second.message["Subject"]) == "Campaign Solar: passive"


async def test_n5_7_a_rule_may_tell_the_buyer_of_a_lead(
    service: ServiceUnderTest, mailer: Any, make_lead: Any, make_partner: Any
):
    await service.deliver(make_partner(1))
    await service.deliver(make_partner(2, buys_leads=True, sold_lead_emails=["in@buyer.example"]))
    lead = make_lead()
    sold = LeadSoldV1(
        **{name: getattr(lead, name) for name in lead.__struct_fields__}, buyer_id="ptr_2", sale_id="s", sold_at=NOW
    )
    text = "{{ partner.name }}: {{ data.person.phone }}"
    template = await _template(service, text)
    await _rule(service, {"kind": "buyer"}, event_types=["intake.lead.sold.v1"], template_id=template)
    await service.deliver(sold)
    [row] = [row for row in await mailer.rows() if row["template"] == template]
    assert (row["recipient"], row["variables"]["partner"]["name"]) == ("in@buyer.example", "Partner 2")


async def test_n5_1_one_mail_per_event_recipient_and_template(service: ServiceUnderTest, mailer: Any, make_lead: Any):
    """However many rules want it."""
    template = await _template(service)
    for _ in range(3):
        await _rule(service, template_id=template)
    await service.deliver(_rejected(make_lead))
    assert len(await mailer.rows()) == 1


async def test_n5_7_an_order_in_an_event_can_be_told(service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any):
    order = Order(number="7", status="completed", total=Money(amount_minor=4990, currency="EUR"))
    converted = LeadConvertedV1(lead=make_lead().lead, received_at=NOW, agent_id="usr_1", order_id="o", order=order)
    total = "data.order.total"
    text = f"{{{{ data.order.number }}}}: {{{{ {total}.amount_minor | divided_by: 100.0 }}}} {{{{ {total}.currency }}}}"
    await _rule(service, event_types=["assignment.lead.converted.v1"], template_id=await _template(service, text))
    await service.deliver(converted)
    await mailer.settle(mailer.sender(sink.port))
    [mail] = sink.mails
    assert mail.message.get_content().strip() == "7: 49.9 EUR"


async def test_n5_7_built_in_rules_are_visible_and_cannot_be_deleted(
    service: ServiceUnderTest, mailer: Any, make_lead: Any, make_partner: Any
):
    headers = service.headers()
    listed = (await service.http.get(RULES, headers=headers)).json()["data"]
    built_in = {rule["id"]: rule["template_id"] for rule in listed if rule["built_in"]}
    assert built_in.keys() == {
        "rul_purchase", "rul_return", "rul_return_answer", "rul_auto_response", "rul_campaign", "rul_alarm",
    }  # fmt: skip
    for rule_id in built_in:
        refused = await service.http.delete(f"{RULES}/{rule_id}", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (409, "rule-built-in")
    renamed = await service.http.patch(f"{RULES}/rul_return", json={"name": "X"}, headers=headers)
    assert (renamed.status_code, renamed.json()["code"]) == (409, "rule-built-in")
    off = await service.http.patch(f"{RULES}/rul_purchase", json={"active": False}, headers=headers)
    assert off.status_code == 200
    await service.deliver(make_partner())
    await service.deliver(make_lead())
    assert await mailer.rows() == []


async def test_n5_7_what_a_rule_said_before_is_kept(service: ServiceUnderTest):
    made = await _rule(service)
    path, headers = f"{RULES}/{made['id']}", service.headers("supervisor", user_id="usr_s")
    stale = await service.http.patch(path, json={"name": "B"}, headers=headers | {"If-Match": '"9"'})
    assert stale.status_code == 412
    changed = await service.http.patch(path, json={"name": "B"}, headers=headers | {"If-Match": '"1"'})
    assert (changed.json()["version"], changed.json()["changed_by"]) == (2, "usr_s")
    assert (await service.http.delete(path, headers=headers)).status_code == 204
    kept = (await service.http.get(f"{path}/versions", headers=headers)).json()["data"]
    assert [(v["version"], v["content"]["name"], v["changed_by"]) for v in kept] == [
        (2, "B", "usr_s"),
        (1, "Rejections", "usr_test"),
    ]
    assert (await service.http.get(path, headers=headers)).status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"event_types": ["intake.nothing.v1"]},
        {"event_types": []},
        {"recipients": [{"kind": "address"}]},
        {"recipients": [{"kind": "address", "address": "a@b.example\nBcc: c@d.example"}]},
        {"recipients": [{"kind": "buyer", "address": "a@b.example"}]},
        {"recipients": [{"kind": "users", "access_level": "partner"}]},
        {"template_id": "tpl_none"},
        {"filter": {"odd": []}},
        {"built_in": True},
    ],
)
async def test_n5_7_odd_rules_are_refused(service: ServiceUnderTest, fields: dict[str, Any]):
    body: dict[str, Any] = {
        "name": "R",
        "event_types": ["intake.lead.rejected.v1"],
        "recipients": [{"kind": "address", "address": "a@b.example"}],
        "template_id": "purchase",
    }
    assert (await service.http.post(RULES, json=body | fields, headers=service.headers())).status_code == 422
