"""Private servers and processes of services to measure, and what they cost."""

import asyncio
import http.client
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil
from embedded import PostgresServer, RabbitServer, free_port
from servicekit.identity import IdentitySigner
from servicekit.keys import generate_signing_key, public_key_set, signer_of
from servicekit.migrations import migrate
from servicekit.roles import Roles

ROOT = Path(__file__).parents[2]
PACKAGES = ROOT / ".cache/packages"
INSTALLED_PGBENCH = "usr/lib/postgresql/*/bin/pgbench"
START_SECONDS = 30
PASSWORD = "of the measured"


@contextmanager
def temporary_folder() -> Generator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="leadwire-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres() -> Generator[PostgresServer]:
    """With the settings of an installation: what is acknowledged is on disk."""
    with temporary_folder() as folder:
        server = PostgresServer(folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def rabbit() -> Generator[RabbitServer]:
    with temporary_folder() as folder:
        server = RabbitServer(folder, package_cache=PACKAGES)
        try:
            server.start()
            yield server
        finally:
            server.kill()


async def create_service_database(server: PostgresServer, package: str, name: str | None = None) -> tuple[str, str]:
    """A migrated database: its address for the role that the service has in an installation, and for who measures."""
    roles, name = Roles(package), name or package
    await roles.provide(server.dsn(), name, PASSWORD)
    await asyncio.to_thread(migrate, roles.owner_dsn(server.dsn(), name), package)
    await roles.grant(server.dsn(), name)
    return roles.login_dsn(server.dsn(), name, PASSWORD), server.dsn(name)


async def create_database(server: PostgresServer, name: str) -> str:
    """The address of a new, empty database."""
    admin = await asyncpg.connect(server.dsn())
    try:
        await admin.execute(f"CREATE DATABASE {name}")
    finally:
        await admin.close()
    return server.dsn(name)


async def execute(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


@contextmanager
def process(arguments: list[str], port: int, environment: Mapping[str, str] | None = None) -> Generator[psutil.Process]:
    """A Python process, from when it answers on the port on; ended at the end. Its output is shown when it fails."""
    with tempfile.TemporaryFile() as output:
        started = subprocess.Popen(
            [sys.executable, *arguments],
            env={**os.environ, **(environment or {})},
            stdout=output,
            stderr=output,
        )
        try:
            if not _answers(started, port):
                output.seek(0)
                raise RuntimeError(f"{arguments} does not answer:\n{output.read().decode()}")
            yield psutil.Process(started.pid)
        finally:
            started.terminate()
            started.wait()


@dataclass(frozen=True, slots=True)
class ServiceApi:
    """A service's API as it runs, and what signs its callers in, for a minute."""

    port: int
    signer: IdentitySigner
    process: psutil.Process

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def service_api(package: str, dsn: str, more: Mapping[str, str] | None = None) -> Generator[ServiceApi]:
    """`more`: of its settings."""
    key, port = generate_signing_key(), free_port()
    environment = {
        "LEADWIRE_DATABASE_URL": dsn,
        "LEADWIRE_IDENTITY_KEYS": public_key_set(key),
        "LEADWIRE_HTTP_PORT": str(port),
        **(more or {}),
    }
    with process(["-m", package, "api"], port, environment) as running:
        yield ServiceApi(port, signer_of(key), running)


def _answers(started: subprocess.Popen[bytes], port: int) -> bool:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and started.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False


def cpu_seconds(*processes: psutil.Process) -> float:
    """Of the processes and what they have started, so far."""
    total = 0.0
    for parent in processes:
        for each in (parent, *parent.children(recursive=True)):
            try:
                times = each.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
    return total


def find_pgbench() -> str | None:
    """It comes with a PostgreSQL that is installed on the machine, not with the embedded one."""
    installed = sorted(Path("/").glob(INSTALLED_PGBENCH))
    return shutil.which("pgbench") or (str(installed[-1]) if installed else None)
