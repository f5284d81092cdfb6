"""The private PostgreSQL (O7.1): it starts anywhere, and what it acknowledged survives kill -9."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
from embedded import PostgresServer, ServerFailed, free_port
from embedded.account import Account, server_account
from embedded.postgres_programs import find_programs

INSTALLED = list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


@pytest.fixture
def open_folder(folder: Path) -> Path:
    folder.chmod(0o755)
    return folder


def reach_nothing(_account: Account, _folder: Path) -> bool:
    """Stand for a clone in a home that is closed to others."""
    return False


def find_nothing(_name: str) -> None:
    """Stand for an environment whose wheel brings no programs."""


@pytest.fixture
def build(folder: Path) -> Iterator[Callable[..., PostgresServer]]:
    built: list[PostgresServer] = []

    def make(name: str = "pg", **options: Any) -> PostgresServer:
        built.append(PostgresServer(folder / name, fast=True, **options))
        return built[-1]

    yield make
    for server in built:
        server.kill()


def run_python(script: str, *arguments: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False)


async def ask(server: PostgresServer, sql: str) -> Any:
    connection = await asyncpg.connect(server.dsn())
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_committed_rows_survive_kill_9_of_the_postmaster(build: Callable[..., PostgresServer]) -> None:
    server = build()
    server.start()
    first = server.pid
    await ask(server, "CREATE TABLE kept (x int)")
    for number in range(20):
        await ask(server, f"INSERT INTO kept VALUES ({number})")
    server.kill()
    assert not server.is_running()
    assert server.process_ids() == []
    server.start()
    assert server.pid not in {None, first}
    assert await ask(server, "SELECT count(*) FROM kept") == 20


async def test_a_postmaster_left_behind_by_a_dead_process_is_taken_over(build: Callable[..., PostgresServer]) -> None:
    server = build()
    script = "import sys; from pathlib import Path; from embedded import PostgresServer; s = PostgresServer("
    script += "Path(sys.argv[1]), fast=True); s.start(); print(s.pid, flush=True); import os; os.kill(os.getpid(), 9)"
    dead = run_python(script, server.data_dir)
    assert dead.returncode == -9, dead.stderr
    assert server.pid == int(dead.stdout)
    server.start()
    assert server.pid == int(dead.stdout)
    assert await ask(server, "SELECT 1") == 1
    server.stop()
    assert not server.is_running()


async def test_a_stale_pid_file_that_names_a_living_stranger_does_not_stop_the_start(
    build: Callable[..., PostgresServer],
) -> None:
    server = build()
    server.start()
    pid_file = server.pgdata / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server.kill()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert not server.is_running()
    server.start()
    assert await ask(server, "SELECT 1") == 1


async def test_two_servers_run_side_by_side_and_keep_their_ports(build: Callable[..., PostgresServer]) -> None:
    one, two = build("one"), build("two")
    one.start()
    two.start()
    assert one.port != two.port
    assert await ask(one, "SHOW port") == str(one.port)
    assert await ask(two, "SHOW port") == str(two.port)
    kept = one.port
    one.stop()
    one.start()
    assert one.port == kept


async def test_a_port_that_is_asked_for_later_is_taken(build: Callable[..., PostgresServer]) -> None:
    build("same").start()
    moved = build("same", port=free_port())
    moved.start()
    assert await ask(moved, "SHOW port") == str(moved.port)


async def test_a_wrong_password_is_refused_and_the_secret_is_private(build: Callable[..., PostgresServer]) -> None:
    server = build()
    server.start()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(server.dsn(password="wrong"))
    assert stat.S_IMODE((server.data_dir / "password").stat().st_mode) == 0o600
    assert stat.S_IMODE(server.log.stat().st_mode) == 0o600


async def test_no_value_of_a_failed_statement_gets_into_the_log(build: Callable[..., PostgresServer]) -> None:
    server = build()
    server.start()
    await ask(server, "CREATE TABLE person (email text PRIMARY KEY)")
    await ask(server, "INSERT INTO person VALUES ('anna@example.org')")
    with pytest.raises(asyncpg.UniqueViolationError):
        await ask(server, "INSERT INTO person VALUES ('anna@example.org')")
    with pytest.raises(asyncpg.InvalidTextRepresentationError):
        await ask(server, "SELECT 'anna@example.org'::int")
    server.stop()
    log = server.log.read_text()
    assert "shut down" in log
    assert "anna" not in log


async def test_durability_and_text_order_are_what_the_platform_counts_on(build: Callable[..., PostgresServer]) -> None:
    server = build()
    server.start()
    for name, value in {"fsync": "on", "synchronous_commit": "on", "data_checksums": "on", "timezone": "UTC"}.items():
        assert await ask(server, f"SHOW {name}") == value
    assert await ask(server, "SELECT 'B' < 'a'")
    assert await ask(server, "SELECT lower('ÄÖ')") == "äö"


def test_a_folder_that_cannot_be_used_is_a_clear_error(folder: Path) -> None:
    (folder / "file").write_text("")
    with pytest.raises(ServerFailed, match="cannot use the folder"):
        PostgresServer(folder / "file" / "pg").start()


def test_a_cluster_of_a_version_that_is_not_here_is_a_clear_error() -> None:
    with pytest.raises(ServerFailed, match="no PostgreSQL 99 programs"):
        find_programs(server_account(), major=99)


async def test_the_installed_server_is_used_when_the_wheel_has_no_programs(
    build: Callable[..., PostgresServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not INSTALLED:
        pytest.skip("no PostgreSQL is installed on this machine, so there is nothing to fall back to")
    monkeypatch.setattr("embedded.postgres_programs.find_spec", find_nothing)
    server = build()
    server.start()
    assert await ask(server, "SELECT lower('ÄÖ')") == "äö"


async def test_below_a_folder_closed_to_the_servers_account_it_runs_elsewhere(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    server = PostgresServer(closed / "data/pg", fast=True)
    server.start()
    try:
        assert await ask(server, "SELECT 1") == 1
        assert (server.data_dir / "server").is_symlink() == (os.geteuid() == 0)
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        server.stop()
        shutil.rmtree(server.pgdata.parent)


async def test_from_an_environment_closed_to_the_servers_account_its_programs_run_from_a_copy(
    build: Callable[..., PostgresServer], open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedded.homes.SYSTEM_HOMES", open_folder / "homes")
    monkeypatch.setattr(Account, "reaches", reach_nothing)
    server = build()
    server.start()
    assert server.pid is not None
    assert psutil.Process(server.pid).cmdline()[0].startswith(str(open_folder / "homes/programs"))
    assert await ask(server, "SELECT 1") == 1
    server.stop()
    shutil.rmtree(server.pgdata.parent)
