"""Whether the domain of an address takes e-mail (I2.17)."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from lead_intake_svc.mail_domains.known import MailDomains
from lead_intake_svc.mail_domains.resolver import Resolver
from lead_intake_svc.testing import World, lead


async def codes(world: World, **fields: str) -> tuple[str, list[str]]:
    answer = (await world.push(lead(**fields))).json()
    return answer["status"], [problem["code"] for problem in answer["problems"]]


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
