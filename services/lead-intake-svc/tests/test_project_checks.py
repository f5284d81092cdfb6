"""The checks that a project turns on and configures (I2.17)."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, cast

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from contracts.events.intake import LeadAcceptedV1
from contracts.events.sponsor import CustomCheck, DuplicateRules, IntakeRules
from lead_intake_svc.checks.phone_type import line_type
from lead_intake_svc.checks.postcodes import fits
from lead_intake_svc.mail_domains.known import MailDomains
from lead_intake_svc.mail_domains.resolver import Resolver
from lead_intake_svc.reference.patterns import matcher
from lead_intake_svc.testing import World, lead


async def codes(world: World, **fields: Any) -> tuple[str, list[str]]:
    answer = (await world.push(lead(**fields))).json()
    return answer["status"], [problem["code"] for problem in answer["problems"]]


async def test_i2_17_all_missing_required_fields_are_named_with_their_places(world: World):
    required = ["first_name", "custom.size", "address.postcode", "consent.text", "phone"]
    await world.project("prj_r", intake=IntakeRules(required_fields=required))
    answer = (await world.push(lead(project_id="prj_r", first_name=None, custom={"size": ""}))).json()
    assert (answer["status"], answer["reason"]) == ("rejected", "field-missing")
    assert [problem["field"] for problem in answer["problems"]] == [
        "/first_name", "/custom/size", "/address/postcode", "/consent/text",
    ]  # fmt: skip
    consent = {"given_at": "2026-01-01T00:00:00Z", "text": "Yes."}
    whole = lead(project_id="prj_r", custom={"size": 0}, address={"postcode": "00100"}, consent=consent)
    assert (await world.push(whole)).json()["status"] == "accepted"


async def test_i2_17_a_projects_own_patterns_decide_about_whole_values(world: World):
    rules = [
        CustomCheck(name="size", field="custom.size", pattern="[0-9]{1,3}", level="quarantine", detail="Size in m²."),
        CustomCheck(name="vat", field="account.external_id", pattern="FI[0-9]{8}", level="warn"),
    ]
    await world.project("prj_c", intake=IntakeRules(custom_checks=rules))
    for size, status in ((120, "accepted"), ("12", "accepted"), ("12x", "quarantined"), ([1], "quarantined")):
        answer = (await world.push(lead(project_id="prj_c", custom={"size": size}))).json()
        assert answer["status"] == status, size
    assert answer["problems"] == [
        {"code": "custom-size", "level": "quarantine", "field": "/custom/size", "detail": "Size in m²."}
    ]
    assert await codes(world, project_id="prj_c", account={"external_id": "SE1"}) == ("accepted", ["custom-vat"])


def test_i2_17_no_pattern_takes_more_time_than_the_text_is_long():
    evil = matcher("(a*)*(a*)*b")
    began = time.process_time()
    assert not evil("a" * 20_000)
    assert time.process_time() - began < 5  # a backtracking engine would need longer than the sun has left
    assert not matcher("(")("(")
    assert not matcher("a")("a\n")


@pytest.mark.parametrize(
    ("phone", "kind"),
    [("+358600123456", "premium_rate"), ("+358401234567", "mobile"), ("+358800123456", "toll_free"),
     ("+12125550123", "fixed_or_mobile")],
)  # fmt: skip
def test_i2_17_the_line_type_is_told_by_the_digits(phone: str, kind: str):
    assert line_type(phone) == kind


@pytest.mark.parametrize(
    ("postcode", "country", "fit"),
    [
        ("00100", "FI", True), ("FI-00100", "FI", True), ("0100", "FI", False), ("SW1A 1AA", "GB", True),
        ("sw1a1aa", "GB", True), ("SW1A", "GB", False), ("123 45", "SE", True), ("1234", "SE", False),
        ("1012 AB", "NL", True), ("1012 SS", "NL", False), ("K1A 0B1", "CA", True), ("12345-6789", "US", True),
        ("anything", "HK", True), ("D02 X285", "IE", True), ("80-001", "PL", True), ("١٢٣٤٥", "DE", False),
    ],
)  # fmt: skip
def test_i2_17_postcodes_are_those_of_the_country(postcode: str, country: str, fit: bool):
    assert fits(postcode, country) is fit


async def test_i2_17_checks_that_are_off_by_default_are_turned_on_one_by_one(world: World):
    await world.project("prj_on", checks=dict.fromkeys(["phone_type", "country", "postcode"], "quarantine"))
    free = DuplicateRules(window_days=0)
    await world.project("prj_off", duplicates=free)
    wrong = {"phone": "+358600123456", "address": {"country": "XQ", "postcode": "1"}}
    assert await codes(world, project_id="prj_off", **wrong) == ("accepted", [])
    expected = ["phone-type", "country-unknown"]
    assert await codes(world, project_id="prj_on", **wrong) == ("quarantined", expected)
    elsewhere = {"address": {"country": "se", "postal_code": "1234"}}
    assert await codes(world, project_id="prj_on", **elsewhere) == (
        "quarantined",
        ["country-other", "postcode-invalid"],
    )
    assert await codes(world, project_id="prj_on", address={"postcode": 33100}) == ("accepted", [])


async def test_i2_17_suppressed_names_are_the_projects(world: World):
    await world.project("prj_n", checks={"names": "reject"}, intake=IntakeRules(suppressed_names=["Aku"]))
    assert await codes(world, project_id="prj_n", first_name="AKU") == ("rejected", ["name-suppressed"])
    assert await codes(world, project_id="prj_n", first_name="Akuliina") == ("accepted", [])
    assert await codes(world, first_name="Aku") == ("accepted", [])


async def test_i2_17_always_deliver_accepts_cautions_without_a_bill(world: World):
    rules = IntakeRules(always_deliver=True)
    await world.project("prj_d", checks={"names": "quarantine", "consent": "quarantine"}, intake=rules)
    consent = {"given_at": "2026-01-01T00:00:00Z"}
    clean = lead(project_id="prj_d", consent=consent)
    doubtful = lead(project_id="prj_d", first_name="asdf", consent=consent)
    for body, billable in ((clean, True), (doubtful, False)):
        answer = (await world.push(body)).json()
        assert (answer["status"], answer["location"], answer.get("reason")) == ("accepted", "queue", None)
        shown = await world.http.get(f"/v1/leads/{answer['id']}", headers=world.service.headers())
        assert shown.json()["billable"] is billable
    events = await world.service.published(LeadAcceptedV1)
    assert [event.billable for event in events if isinstance(event, LeadAcceptedV1)] == [True, False]
    # Never over a missing consent, a suppression, or what is refused outright.
    assert await codes(world, project_id="prj_d") == ("quarantined", ["consent-missing"])
    assert await codes(world, project_id="prj_d", phone="12", consent=consent) == ("rejected", ["phone-invalid"])
    await world.project("prj_s", checks={"suppression": "quarantine"}, intake=rules)
    entry = {"kind": "email", "value": "gone@example.com"}
    await world.http.post("/v1/suppressions", json=entry, headers=world.service.headers())
    assert await codes(world, project_id="prj_s", email="gone@example.com") == ("quarantined", ["suppressed"])


class NameServer(asyncio.DatagramProtocol):
    """Speaks DNS: `silent.test` never answers, `takes.test` has an MX, `address.test` an address only."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        (question,) = query.question
        name, kind = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
        self.asked.append(f"{name} {kind}")
        records = {
            ("takes.test", "MX"): "10 mail.takes.test.",
            ("null.test", "MX"): "0 .",
            ("address.test", "A"): "192.0.2.1",
        }
        if name == "silent.test":
            return
        answer = dns.message.make_response(query)
        if (name, kind) in records:
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, records[name, kind]))
        elif name not in {known for known, _ in records} | {"nothing.test"}:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(answer.to_wire(), addr)


@pytest.fixture
async def name_server() -> AsyncIterator[tuple[NameServer, str]]:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    port: int = transport.get_extra_info("sockname")[1]
    yield server, f"127.0.0.1:{port}"
    transport.close()


async def test_i2_17_mail_domains_are_asked_once_and_what_nobody_knows_passes(
    name_server: tuple[NameServer, str],
):
    server, address = name_server
    domains = MailDomains(Resolver(address, 0.3))
    expected = {
        "takes.test": True, "address.test": True, "null.test": False, "nothing.test": False, "no-such.test": False,
        "silent.test": None,
    }  # fmt: skip
    await asyncio.gather(domains.look_up(expected), domains.look_up(expected))
    assert {domain: domains.takes_mail(domain) for domain in expected} == expected
    asked = len(server.asked)
    await domains.look_up(expected)
    assert len(server.asked) == asked
    assert server.asked.count("takes.test MX") == 1
    nobody = MailDomains(Resolver("127.0.0.1:1", 0.3))
    await nobody.look_up(["takes.test"])
    assert nobody.takes_mail("takes.test") is None


async def test_i2_17_only_projects_that_ask_look_at_mail_domains(world: World, name_server: tuple[NameServer, str]):
    server, address = name_server
    world.service.app.http.state.mail_domains._resolver = Resolver(address, 0.3)
    await world.project("prj_mx", checks={"email_mx": "reject"})
    assert await codes(world, email="a@no-such.test") == ("accepted", [])
    assert server.asked == []
    assert await codes(world, project_id="prj_mx", email="a@takes.test") == ("accepted", [])
    assert await codes(world, project_id="prj_mx", email="a@silent.test") == ("accepted", [])
    assert await codes(world, project_id="prj_mx", email="a@no-such.test") == ("rejected", ["email-domain"])
