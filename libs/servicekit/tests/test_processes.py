"""`python -m x_svc api|worker|migrate`: real processes, a real broker."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx2
import pytest
from embedded import PostgresServer, RabbitServer, free_port
from messaging.amqp.topology import declare_topology
from servicekit.identity import HEADER, Identity
from servicekit.migrations import migrate
from servicekit.testing import TEST_KEY_SET, TEST_SIGNER, ServiceUnderTest, TestDatabases, service_url

HERE = Path(__file__).parent
ENVIRONMENT = {
    "PYTHONPATH": str(HERE),
    "PATH": os.environ["PATH"],
}


class Processes:
    """Starts roles of the toy service, and ends what is left of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, role: str, **settings: str) -> subprocess.Popen[bytes]:
        with self.log(role).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "toy_svc", role], env=ENVIRONMENT | settings, stdout=log, stderr=log
            )
        self._running.append(process)
        return process

    def log(self, role: str) -> Path:
        return self._folder / f"{role}.log"

    def end(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    started = Processes(tmp_path)
    yield started
    started.end()


async def answers(url: str) -> None:
    async with httpx2.AsyncClient() as http:
        while True:
            try:
                if (await http.get(url)).status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            await asyncio.sleep(0.05)


async def test_o7_1_api_and_worker_carry_an_event_over_rabbitmq_and_stop_when_asked(
    test_databases: TestDatabases, rabbit_server: RabbitServer, processes: Processes, service: ServiceUnderTest
):
    dsn = await test_databases.clone("toy_svc")
    await declare_topology(rabbit_server.url(), {"toy-svc": service.app.subscriptions})
    port, health = str(free_port()), str(free_port())
    common = {"LEADWIRE_DATABASE_URL": dsn, "LEADWIRE_IDENTITY_KEYS": TEST_KEY_SET}
    api = processes.start("api", LEADWIRE_HTTP_PORT=port, **common)
    worker = processes.start(
        "worker",
        LEADWIRE_AMQP_URL=service_url(rabbit_server, "toy-svc", "identity"),
        LEADWIRE_HEALTH_PORT=health,
        **common,
    )
    async with asyncio.timeout(60):
        await answers(f"http://127.0.0.1:{port}/readyz")
        await answers(f"http://127.0.0.1:{health}/readyz")
    connection = await asyncpg.connect(dsn)
    async with asyncio.timeout(30), httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        headers = {HEADER: TEST_SIGNER.sign(Identity("usr_1", "admin"))}
        created = await http.post("/v1/things", json={"name": "s3cr3t"}, headers=headers)
        assert created.status_code == 201
        while not await connection.fetchval("SELECT count(*) FROM heard"):  # noqa: ASYNC110 -- another process
            await asyncio.sleep(0.02)
        metrics = (await http.get(f"http://127.0.0.1:{health}/metrics")).text
        assert 'leadwire_messages_total{service="toy-svc",what="handled"} 1.0' in metrics
        assert 'leadwire_consumer_attached{queue="toy-svc.users",service="toy-svc"} 1.0' in metrics
    await connection.close()
    for process in (api, worker):
        process.send_signal(signal.SIGTERM)
    for process in (api, worker):
        assert await asyncio.to_thread(process.wait, 30) == 0
    assert "s3cr3t" not in processes.log("api").read_text() + processes.log("worker").read_text()
    await test_databases.drop(dsn)


async def test_a_crashed_task_ends_the_process(
    test_databases: TestDatabases, rabbit_server: RabbitServer, processes: Processes, service: ServiceUnderTest
):
    dsn = await test_databases.clone("toy_svc")
    await declare_topology(rabbit_server.url(), {"toy-svc": service.app.subscriptions})
    worker = processes.start(
        "worker",
        LEADWIRE_DATABASE_URL=dsn,
        LEADWIRE_IDENTITY_KEYS=TEST_KEY_SET,
        LEADWIRE_AMQP_URL=rabbit_server.url(),
        LEADWIRE_HEALTH_PORT=str(free_port()),
        LEADWIRE_CRASH="true",
    )
    assert await asyncio.to_thread(worker.wait, 60) == 1
    log = processes.log("worker").read_text()
    assert "toy_svc.app.Crash" in log
    assert "secret of a task" not in log
    await test_databases.drop(dsn)


async def test_migrate_is_a_process_too(postgres_server: PostgresServer, processes: Processes):
    admin = await asyncpg.connect(postgres_server.dsn())
    await admin.execute("CREATE DATABASE process_test")
    dsn = postgres_server.dsn("process_test")
    assert await asyncio.to_thread(processes.start("migrate", LEADWIRE_DATABASE_URL=dsn).wait, 60) == 0
    assert not migrate(dsn, "toy_svc")
    await admin.execute("DROP DATABASE process_test WITH (FORCE)")
    await admin.close()


@pytest.mark.parametrize(
    ("words", "told"), [([], "usage: python -m toy_svc api|worker|migrate"), (["fly"], "usage"), (["api"], "LEADWIRE_")]
)
def test_wrong_words_and_missing_settings_are_told(words: list[str], told: str):
    settings = {"LEADWIRE_DATABASE_POOL": "s3cr3t"}
    done = subprocess.run(
        [sys.executable, "-m", "toy_svc", *words],
        env=ENVIRONMENT | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert told in done.stderr
    assert "s3cr3t" not in done.stderr
