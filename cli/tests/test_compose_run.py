"""O7.1: what docker-compose.yml starts, as processes on loopback: its commands, settings, rights and gateway.

Containers' names and ports become ports of this machine; everything else is the file's. So services run here with
the rights that `leadwire migrate` gives them and no more, on both servers.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx2
import psutil
import pytest
import pytest_asyncio
from compose_file import containers, environment_of, parse_env
from embedded import NginxServer, PostgresServer, RabbitServer
from embedded.ports import free_port
from leadwire.demo.client import Api
from leadwire.demo.world import DemoWorld, make_world
from leadwire.gateway.nginx import private_configuration
from leadwire.operate.doctor import examine, exit_code, find_patient
from leadwire.operate.findings import Verdict
from leadwire.operate.init_env import environment_file
from leadwire.operate.where import Where
from leadwire.processes import Program, Supervisor
from leadwire.services import SERVICES

T = TypeVar("T")
READY_SECONDS = 90
ROLES = [f"{service.name}-{role}" for service in SERVICES for role in ("api", "worker")]
PORTS = {"LEADWIRE_HTTP_PORT", "LEADWIRE_HEALTH_PORT"}
HOSTS = {"LEADWIRE_HTTP_HOST", "LEADWIRE_HEALTH_HOST"}


class Machine:
    """The containers' addresses on this machine."""

    def __init__(self, postgres: PostgresServer, rabbit: RabbitServer) -> None:
        self.env = parse_env(environment_file("admin@leadwire.local", demo=True))
        self.containers = containers(self.env)
        self.ports = {name: free_port() for name in (*ROLES, "smtp", "mail")}
        self.gateway = f"127.0.0.1:{free_port()}"
        self._places = {
            "leadwire:" + self.env["LEADWIRE_DATABASE_ADMIN_PASSWORD"] + "@postgres:5432": _place(postgres.dsn()),
            "leadwire:" + self.env["LEADWIRE_AMQP_ADMIN_PASSWORD"] + "@rabbitmq:5672": _place(rabbit.url()),
            "leadwire:" + self.env["LEADWIRE_AMQP_ADMIN_PASSWORD"] + "@rabbitmq:15672": (
                _place(rabbit.url()).rpartition(":")[0] + f":{rabbit.management_port}"
            ),
            "postgres:5432": f"127.0.0.1:{postgres.port}",
            "rabbitmq:5672": f"127.0.0.1:{rabbit.port}",
            **{f"{name}:8000": f"127.0.0.1:{port}" for name, port in self.ports.items()},
            **{f"{name}:8001": f"127.0.0.1:{port}" for name, port in self.ports.items()},
            "mail-sink": "127.0.0.1",
        }

    def environment(self, name: str) -> dict[str, str]:
        given = environment_of(self.containers[name], self.env)
        return {key: self._here(name, key, value) for key, value in given.items()}

    def program(self, name: str) -> Program:
        command = [sys.executable, "-m", *self.containers[name]["command"]]
        return Program(name, command, self.environment(name))

    def _here(self, name: str, key: str, value: str) -> str:
        if key in PORTS:
            return str(self.ports[name])
        if key in HOSTS:
            return "127.0.0.1"
        if key == "LEADWIRE_SMTP_PORT":
            return str(self.ports["smtp"])
        if key == "LEADWIRE_GATEWAY_LISTEN":
            return self.gateway
        for there, here in self._places.items():
            value = value.replace(there, here)
        return value


def _place(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]


@dataclass(frozen=True)
class Running:
    machine: Machine
    supervisor: Supervisor
    api: Api
    http: httpx2.AsyncClient
    world: DemoWorld


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Machine]:
    """Servers of its own: the names of databases and users are the same in every installation."""
    folder = tmp_path_factory.mktemp("servers")
    postgres = PostgresServer(folder / "postgres", fast=True)
    packages = pytestconfig.rootpath / ".cache/packages"
    rabbit = RabbitServer(folder / "rabbitmq", package_cache=packages, management=True)
    try:
        postgres.start()
        rabbit.start()
        yield Machine(postgres, rabbit)
    finally:
        rabbit.kill()
        postgres.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(
    machine: Machine, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> AsyncIterator[Running]:
    folder = tmp_path_factory.mktemp("running")
    await _migrate(machine)
    async with AsyncExitStack() as stack:
        supervisor = Supervisor(folder)
        stack.push_async_callback(supervisor.stop)
        for name in ROLES:
            supervisor.start(machine.program(name))
        smtp = ["--smtp-port", str(machine.ports["smtp"]), "--http-port", str(machine.ports["mail"])]
        sink = [sys.executable, "-m", "leadwire", "mail-sink", "--data-dir", str(folder), *smtp]
        supervisor.start(Program("mail-sink", sink))
        documents = {"LEADWIRE_DOCUMENTS": "documents", "LEADWIRE_ACCESS_LOG": "off"}
        configuration = private_configuration(machine.environment("gateway") | documents)
        packages = pytestconfig.rootpath / ".cache/packages"
        nginx = NginxServer(folder / "nginx", package_cache=packages, config=configuration)
        await asyncio.to_thread(nginx.start)
        stack.callback(nginx.stop)
        http = await stack.enter_async_context(httpx2.AsyncClient(timeout=30))
        await _until_ready(machine, http, supervisor.logs)
        api = Api(f"http://{machine.gateway}", http)
        admin = await api.signed_in(machine.env["LEADWIRE_ADMIN_EMAIL"], machine.env["LEADWIRE_ADMIN_PASSWORD"])
        yield Running(machine, supervisor, api, http, await make_world(admin))


async def test_a_lead_goes_all_the_way_to_the_mail(running: Running) -> None:
    """Through nginx, intake's outbox, the broker, assignment and notify: with the rights of each service only."""
    partner = running.world.partners[0]
    lead = {
        "external_id": "one",
        "project_id": partner.project_id,
        "first_name": "Aino",
        "last_name": "Virtanen",
        "phone": "+358401234567",
        "email": "aino.virtanen@mail.example",
    }
    pushed = await _pushed(running, partner.key, lead)
    assert pushed["status"] == "accepted"
    await _until(lambda: _mails(running))
    agent = next(user for user in running.world.users if user.who == "leads agent")
    session = await running.api.signed_in(agent.email, agent.password)
    claimed = await _until(lambda: session.post("/v1/queue/claim", {}))
    assert claimed["work_item"]["lead_id"] == pushed["id"]


async def test_doctor_finds_nothing_wrong(running: Running) -> None:
    """O7.2, in the container of migrate: every database, the topology, every role."""
    environment = running.machine.environment("migrate")
    urls = environment["LEADWIRE_READY_URLS"].split()
    assert len(urls) == len(ROLES)
    findings = await examine(find_patient(Where(), environment, urls))
    assert [finding for finding in findings if finding.verdict is not Verdict.FINE] == []
    assert exit_code(findings) == 0


async def test_a_worker_that_dies_is_found_and_comes_back(running: Running) -> None:
    environment = running.machine.environment("migrate")
    name = "sponsor-svc-worker"
    url = f"http://127.0.0.1:{running.machine.ports[name]}/readyz"
    worker = psutil.Process(running.supervisor.pids[name])
    worker.suspend()
    try:
        findings = await examine(find_patient(Where(), environment, [url]))
        assert exit_code(findings) == 1
        assert any(finding.what == url and finding.verdict is Verdict.WRONG for finding in findings)
    finally:
        worker.resume()
    worker.kill()
    await _until(lambda: _answers(running.http, url))


async def _migrate(machine: Machine) -> None:
    command = [sys.executable, "-m", "leadwire", *machine.containers["migrate"]["command"]]
    environment = {**os.environ, **machine.environment("migrate")}
    process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    assert process.returncode == 0, said.decode()


async def _until_ready(machine: Machine, http: httpx2.AsyncClient, logs: Path) -> None:
    waiting = set(ROLES)
    try:
        async with asyncio.timeout(READY_SECONDS):
            while waiting:
                for name in sorted(waiting):
                    if await _answers(http, f"http://127.0.0.1:{machine.ports[name]}/readyz"):
                        waiting.discard(name)
                await asyncio.sleep(0.2)
    except TimeoutError:
        pytest.fail("\n".join(f"{name}: {(logs / f'{name}.log').read_text()[-2000:]}" for name in sorted(waiting)))


async def _answers(http: httpx2.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(url)).status_code == 200
    except httpx2.HTTPError:
        return False


async def _pushed(running: Running, key: str, lead: dict[str, str]) -> dict[str, str]:
    """Projects reach intake by events: until then it does not know the lead's."""
    async with asyncio.timeout(30):
        while True:
            answer = await running.http.post(
                f"http://{running.machine.gateway}/v1/leads", json=lead, headers={"Authorization": f"Bearer {key}"}
            )
            if answer.status_code < 300:
                return answer.json()
            assert answer.status_code == 422, answer.text
            await asyncio.sleep(0.1)


async def _mails(running: Running) -> list[dict[str, str]]:
    pages = f"http://127.0.0.1:{running.machine.ports['mail']}"
    return (await running.http.get(f"{pages}/mail/messages")).json()["data"]


async def _until(ask: Callable[[], Awaitable[T]]) -> T:
    """What it answers as soon as that is something."""
    async with asyncio.timeout(30):
        while True:
            if answer := await ask():
                return answer
            await asyncio.sleep(0.1)
