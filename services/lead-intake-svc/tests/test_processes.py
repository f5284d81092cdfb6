"""Several real API processes on a real server of their own, and what happens when something is killed."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest
from embedded import PostgresServer, free_port
from lead_intake_svc.keys.key_format import digest, make_key
from lead_intake_svc.testing import PEPPER, bearer, environment_for, lead
from servicekit.migrations import migrate
from servicekit.roles import Roles

PACKAGE = "lead_intake_svc"
ROLES, PASSWORD = Roles(PACKAGE), "of the roles of this test"
PROJECT = """
INSERT INTO projects VALUES ('prj_a', 1, NULL, 'active', false, 'queue', 'FI',
    '{"fields": "phone", "scope": "project", "window_days": 30, "action": "reject"}', '{}')
"""
KEY = "INSERT INTO partner_keys (id, partner_id, digest, scopes, test) VALUES ($1, 'ptr_internal', $2, $3, false)"


@dataclass
class Cluster:
    """A server that may be killed, and processes that serve the API over it."""

    server: PostgresServer
    key: str
    processes: dict[int, "subprocess.Popen[bytes]"]

    @property
    def dsn(self) -> str:
        return ROLES.login_dsn(self.server.dsn(), "intake", PASSWORD)

    async def serve(self) -> int:
        port = free_port()
        environment = {
            **os.environ,
            **environment_for(self.dsn),
            "LEADWIRE_HTTP_PORT": str(port),
            "LEADWIRE_LOG_LEVEL": "ERROR",
        }
        self.processes[port] = subprocess.Popen([sys.executable, "-m", PACKAGE, "api"], env=environment)  # noqa: ASYNC220
        async with asyncio.timeout(60), httpx2.AsyncClient() as http:
            while True:
                with contextlib.suppress(httpx2.TransportError):
                    if (await http.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200:
                        return port
                await asyncio.sleep(0.1)

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return await connection.fetch(query, *args)
        finally:
            await connection.close()


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """Not below pytest's own folders: another run of pytest closes those to the account that the server runs as."""
    folder = Path(tempfile.mkdtemp(prefix="leadwire-test-pg-"))
    server = PostgresServer(folder, fast=True)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def cluster(server: PostgresServer) -> AsyncIterator[Cluster]:
    await ROLES.provide(server.dsn(), "intake", PASSWORD)
    migrate(ROLES.owner_dsn(server.dsn(), "intake"), PACKAGE)
    await ROLES.grant(server.dsn(), "intake")
    key = make_key(test=False)
    cluster = Cluster(server, key.text, {})
    await cluster.fetch(PROJECT)
    await cluster.fetch(KEY, key.id, digest(PEPPER.encode(), key.text), ["leads.write", "leads.read"])
    try:
        yield cluster
    finally:
        for process in cluster.processes.values():
            process.kill()
            process.wait()


def url(port: int) -> str:
    return f"http://127.0.0.1:{port}/v1/leads"


async def test_i2_15_a_hundred_simultaneous_copies_through_four_processes_give_one_lead(cluster: Cluster):
    ports = [await cluster.serve() for _ in range(4)]
    async with httpx2.AsyncClient(headers=bearer(cluster.key), timeout=60) as http:
        await asyncio.gather(*(http.post(url(port), json=lead()) for port in ports))  # warm
        for round_number in range(3):
            phone = f"+35840111222{round_number}"
            copies = [http.post(url(ports[n % 4]), json=lead(phone=phone)) for n in range(100)]
            responses = await asyncio.gather(*copies)
            assert {response.status_code for response in responses} == {201}
            accepted = [r.json()["id"] for r in responses if r.json()["status"] == "accepted"]
            assert len(accepted) == 1
            stored = await cluster.fetch("SELECT id FROM leads WHERE phone = $1 AND status = 'accepted'", phone)
            assert [row["id"] for row in stored] == accepted
        same = lead()
        responses = await asyncio.gather(*(http.post(url(ports[n % 4]), json=same) for n in range(100)))
        assert len({response.json()["id"] for response in responses}) == 1
        assert sorted(response.status_code for response in responses) == [200] * 99 + [201]


@dataclass
class Pusher:
    """Pushes leads one after another, and remembers what it was told about each."""

    cluster: Cluster
    ports: list[int]
    promised: dict[str, str]
    unsure: list[dict[str, Any]]
    refused: int = 0

    async def run(self, http: httpx2.AsyncClient, stop: asyncio.Event) -> None:
        while not stop.is_set():
            body = lead()
            try:
                response = await http.post(url(self.ports[0]), json=body)
            except httpx2.TransportError:
                self.unsure.append(body)
                await asyncio.sleep(0.05)
                continue
            if response.status_code == 201:
                self.promised[body["external_id"]] = response.json()["id"]
            else:
                assert response.status_code == 503, response.text
                assert response.headers["retry-after"]
                self.unsure.append(body)
                self.refused += 1
                await asyncio.sleep(0.05)

    async def repeat_the_unsure(self, http: httpx2.AsyncClient) -> None:
        """A repeat with the same external id is safe, whatever became of the first."""
        for body in self.unsure:
            response = await http.post(url(self.ports[0]), json=body)
            assert response.status_code in {200, 201}, response.text
            self.promised[body["external_id"]] = response.json()["id"]

    async def check(self) -> None:
        rows = await self.cluster.fetch("SELECT external_id, id FROM leads")
        assert {row["external_id"]: row["id"] for row in rows} == self.promised
        told = await self.cluster.fetch("SELECT subject FROM outbox WHERE type = 'intake.lead.accepted.v1'")
        assert sorted(row["subject"] for row in told) == sorted(self.promised.values())


async def _until(pusher: Pusher, number: int) -> None:
    async with asyncio.timeout(60):
        while len(pusher.promised) < number:  # noqa: ASYNC110 -- what is awaited is a count
            await asyncio.sleep(0.02)


async def test_a_201_survives_the_kill_of_the_database_under_load(cluster: Cluster):
    pusher = Pusher(cluster, [await cluster.serve()], {}, [])
    stop = asyncio.Event()
    async with httpx2.AsyncClient(headers=bearer(cluster.key), timeout=60) as http:
        pushing = [asyncio.create_task(pusher.run(http, stop)) for _ in range(16)]
        for _ in range(2):
            await _until(pusher, len(pusher.promised) + 300)
            postmaster = cluster.server.pid
            assert postmaster is not None
            os.kill(postmaster, signal.SIGKILL)
            refused = pusher.refused
            async with asyncio.timeout(30):
                while pusher.refused == refused:  # noqa: ASYNC110 -- the same
                    await asyncio.sleep(0.02)
            await asyncio.to_thread(cluster.server.start)
        await _until(pusher, len(pusher.promised) + 300)
        stop.set()
        await asyncio.gather(*pushing)
        await pusher.repeat_the_unsure(http)
    await pusher.check()


async def test_a_201_survives_the_kill_of_the_service_under_load(cluster: Cluster):
    pusher = Pusher(cluster, [await cluster.serve()], {}, [])
    stop = asyncio.Event()
    async with httpx2.AsyncClient(headers=bearer(cluster.key), timeout=60) as http:
        pushing = [asyncio.create_task(pusher.run(http, stop)) for _ in range(16)]
        for _ in range(2):
            await _until(pusher, len(pusher.promised) + 300)
            victim = cluster.processes[pusher.ports[0]]
            victim.kill()
            victim.wait()
            pusher.ports[0] = await cluster.serve()
        await _until(pusher, len(pusher.promised) + 300)
        stop.set()
        await asyncio.gather(*pushing)
        await pusher.repeat_the_unsure(http)
    assert pusher.unsure
    await pusher.check()


async def test_clients_that_hang_up_neither_lose_nor_double_a_lead(cluster: Cluster):
    port = await cluster.serve()
    bodies = [lead() for _ in range(40)]
    for n, body in enumerate(bodies):
        request = httpx2.Request("POST", url(port), json=body, headers=bearer(cluster.key))
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        message = f"POST /v1/leads HTTP/1.1\r\n{head}\r\n".encode() + request.content
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(message[: len(message) - (n % 2) * 20])  # every second one stops in the middle of its body
        await writer.drain()
        writer.transport.abort()
    async with httpx2.AsyncClient(headers=bearer(cluster.key), timeout=60) as http:
        for body in bodies:
            assert (await http.post(url(port), json=body)).status_code in {200, 201}
    rows = await cluster.fetch("SELECT external_id FROM leads")
    assert sorted(row["external_id"] for row in rows) == sorted(body["external_id"] for body in bodies)
