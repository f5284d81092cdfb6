"""N5.7: who hears of what."""

from datetime import UTC, datetime
from typing import Any

from contracts.envelope import Trace
from contracts.events.assignment import LeadConvertedV1, LeadResolvedV1
from contracts.events.identity import UserChangedV1, UserCreatedV1, UserDeactivatedV1
from contracts.events.intake import LeadRejectedV1, LeadSoldV1
from contracts.events.values import Money, Order
from contracts.ids import new_uuid
from notify_svc.rules.matching import Occurrence
from notify_svc.rules.recipients import Directory, variables_for
from servicekit.testing import ServiceUnderTest

RULES = "/v1/notification-rules"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def _rejected(make_lead: Any, number: int = 1, *, test: bool = False, reason: str = "duplicate") -> LeadRejectedV1:
    lead = make_lead(number, test=test).lead
    return LeadRejectedV1(lead=lead, external_id=f"ext-{number}", received_at=NOW, reason=reason)


async def test_n5_7_a_rule_tells_of_what_its_filter_lets_pass(
    service: ServiceUnderTest, mailer: Any, make_lead: Any, new_rule: Any
):
    await new_rule(filter={"reasons": ["duplicate"], "project_ids": ["prj_1"]})
    await new_rule(filter={"partner_ids": ["ptr_other"]})
    await new_rule(active=False)
    await service.deliver(_rejected(make_lead, 1))
    await service.deliver(_rejected(make_lead, 2, reason="suppressed"))
    await service.deliver(_rejected(make_lead, 3, test=True))
    assert [(row["recipient"], row["lead_id"]) for row in await mailer.rows()] == [("boss@centre.example", "lead_0001")]


async def test_n5_7_test_leads_are_told_of_only_where_a_rule_says_so(
    service: ServiceUnderTest, mailer: Any, make_lead: Any, new_rule: Any
):
    await new_rule(filter={"include_test": True})
    await service.deliver(_rejected(make_lead, 3, test=True))
    assert len(await mailer.rows()) == 1


async def test_n5_7_people_are_told_by_their_level_as_long_as_they_are_active(
    service: ServiceUnderTest, mailer: Any, make_lead: Any, new_rule: Any
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
    await new_rule({"kind": "users", "access_level": "supervisor"}, {"kind": "user", "user_id": "usr_c"})
    await service.deliver(_rejected(make_lead))
    assert sorted(row["recipient"] for row in await mailer.rows()) == ["usr_a@centre.example", "usr_c@centre.example"]


def _fields(user: UserCreatedV1) -> dict[str, Any]:
    return {name: getattr(user, name) for name in user.__struct_fields__}


async def test_n5_7_a_rule_about_accepted_leads_is_beside_the_purchase_notifications(
    service: ServiceUnderTest, mailer: Any, make_lead: Any, make_partner: Any, new_rule: Any
):
    rule = await new_rule(event_types=["intake.lead.accepted.v1"], text="{{ data.person.phone }}")
    await service.deliver(make_partner())
    await service.deliver(make_lead())
    assert sorted(row["template"] for row in await mailer.rows()) == sorted(["purchase", rule["template_id"]])


async def test_n5_7_of_what_agents_write_only_staff_hears(  # noqa: PLR0917 -- fixtures
    service: ServiceUnderTest,
    mailer: Any,
    sink: Any,
    make_lead: Any,
    make_partner: Any,
    new_rule: Any,
):
    await service.deliver(make_partner(1, email="p@p.example"))
    await service.deliver(
        UserCreatedV1(user_id="usr_a", email="s@c.example", name="S", access_level="admin", active=True)
    )
    resolved = LeadResolvedV1(
        lead=make_lead().lead, received_at=NOW, actor="usr_9", agent_id="usr_9", disposition_id="d", disposition="No",
        note="rude person",
    )  # fmt: skip
    await new_rule(
        {"kind": "users", "access_level": "admin"},
        {"kind": "partner_contact"},
        event_types=["assignment.lead.resolved.v1"],
        text="{{ data.disposition }}/{{ data.note }}/{{ data.agent_id }}",
    )
    await service.deliver(resolved)
    await mailer.settle(mailer.sender(sink.port))
    said = {mail.recipients[0]: mail.message.get_content().strip() for mail in sink.mails}
    assert said == {"s@c.example": "No/rude person/usr_9", "p@p.example": "No//"}


def test_n5_7_who_of_the_staff_did_something_no_template_can_tell_others():
    named = dict.fromkeys(("actor", "agent_id", "decided_by", "previous_agent_id"), "usr_9")
    data = named | {"evidence": {"attempts": ["usr_9 called"]}, "reason": "wrong-number"}
    occurrence = Occurrence(id=new_uuid(), type="intake.return.requested.v1", at=NOW, trace=Trace(), data=data)
    told = variables_for(occurrence, Directory(), None, staff=False)["data"]
    assert told == dict.fromkeys(data) | {"reason": "wrong-number"}
    assert variables_for(occurrence, Directory(), None, staff=True)["data"] == data


async def test_n5_7_a_rule_may_tell_the_buyer_of_a_lead(
    service: ServiceUnderTest, mailer: Any, make_lead: Any, make_partner: Any, new_rule: Any
):
    await service.deliver(make_partner(1))
    await service.deliver(make_partner(2, buys_leads=True, sold_lead_emails=["in@buyer.example"]))
    lead = make_lead()
    sold = LeadSoldV1(
        **{name: getattr(lead, name) for name in lead.__struct_fields__}, buyer_id="ptr_2", sale_id="s", sold_at=NOW
    )
    text = "{{ partner.name }}: {{ data.person.phone }}"
    rule = await new_rule({"kind": "buyer"}, event_types=["intake.lead.sold.v1"], text=text)
    await service.deliver(sold)
    [row] = [row for row in await mailer.rows() if row["template"] == rule["template_id"]]
    assert (row["recipient"], row["variables"]["partner"]["name"]) == ("in@buyer.example", "Partner 2")


async def test_n5_1_one_mail_per_event_recipient_and_template(
    service: ServiceUnderTest, mailer: Any, make_lead: Any, new_rule: Any
):
    """However many rules want it."""
    first = await new_rule()
    for _ in range(2):
        await new_rule(template_id=first["template_id"])
    await service.deliver(_rejected(make_lead))
    assert len(await mailer.rows()) == 1


async def test_n5_7_an_order_in_an_event_can_be_told(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, new_rule: Any
):
    order = Order(number="7", status="completed", total=Money(amount_minor=4990, currency="EUR"))
    converted = LeadConvertedV1(lead=make_lead().lead, received_at=NOW, agent_id="usr_1", order_id="o", order=order)
    total = "data.order.total"
    text = f"{{{{ data.order.number }}}}: {{{{ {total}.amount_minor | divided_by: 100.0 }}}} {{{{ {total}.currency }}}}"
    await new_rule(event_types=["assignment.lead.converted.v1"], text=text)
    await service.deliver(converted)
    await mailer.settle(mailer.sender(sink.port))
    [mail] = sink.mails
    assert mail.message.get_content().strip() == "7: 49.9 EUR"
