"""The private nginx (O7.1): it serves, reloads without a gap, and leaves no worker behind."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from embedded import NginxServer, ServerFailed, free_port, obtain_nginx
from embedded.processes import wait_until


def configuration(port: int, answer: str) -> str:
    return f"""
worker_processes 2;
error_log stderr warn;
events {{ worker_connections 128; }}
http {{
    include mime.types;
    server {{
        listen 127.0.0.1:{port};
        location / {{ return 200 "{answer}"; }}
        location /closed {{ auth_request /no; root html; }}
        location /no {{ return 403; }}
    }}
}}
"""


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def server(folder: Path, package_cache: Path, port: int) -> Iterator[NginxServer]:
    made = NginxServer(folder / "nginx", package_cache=package_cache, config=configuration(port, "one"))
    yield made
    made.kill()


@pytest.fixture
def ask(port: int) -> Callable[[str], httpx2.Response]:
    return lambda path: httpx2.get(f"http://127.0.0.1:{port}{path}")


def test_it_serves_and_has_the_auth_request_module(server: NginxServer, ask: Callable[[str], httpx2.Response]) -> None:
    server.start()
    assert ask("/").text == "one"
    assert ask("/closed").status_code == 403
    server.stop()
    assert not server.is_running()
    with pytest.raises(httpx2.ConnectError):
        ask("/")


def test_workers_whose_master_was_killed_give_way_to_the_next_start(
    server: NginxServer, ask: Callable[[str], httpx2.Response]
) -> None:
    server.start()
    first = server.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert wait_until(lambda: not server.is_running(), seconds=10)
    server.start()
    assert server.pid not in {None, first}
    assert ask("/").text == "one"
    server.kill()
    with pytest.raises(httpx2.ConnectError):
        ask("/")


def test_a_reload_takes_the_new_configuration_and_refuses_a_bad_one(
    server: NginxServer, port: int, ask: Callable[[str], httpx2.Response]
) -> None:
    server.start()
    first = server.pid
    server.reload(configuration(port, "two"))
    assert {ask("/").text for _ in range(20)} == {"two"}
    with pytest.raises(ServerFailed, match="unknown directive"):
        server.reload("http { nonsense on; }")
    assert ask("/").text == "two"
    assert server.pid == first


def test_a_configuration_that_cannot_start_is_a_clear_error(folder: Path, package_cache: Path) -> None:
    server = NginxServer(folder / "nginx", package_cache=package_cache, config="events {}\nhttp { nonsense on; }")
    with pytest.raises(ServerFailed, match='unknown directive "nonsense"'):
        server.start()


def test_the_program_is_there(package_cache: Path) -> None:
    assert os.access(obtain_nginx(package_cache, print), os.X_OK)
