"""The private RabbitMQ (O7.1): what it confirmed survives kill -9, and nobody else can talk to it."""

import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aio_pika
import aiormq
import psutil
import pytest
from embedded import NotObtainable, RabbitServer, ServerFailed, obtain_rabbitmq
from embedded.packages import Package, unpacked


def find_nothing(_name: str, path: str | None = None) -> None:
    """Stand for a machine without any of the programs."""


@pytest.fixture
def broker(folder: Path, package_cache: Path) -> Iterator[RabbitServer]:
    server = RabbitServer(folder / "rabbit", package_cache=package_cache)
    yield server
    server.kill()


async def send(broker: RabbitServer, body: bytes) -> None:
    async with await aio_pika.connect(broker.url()) as connection:
        channel = await connection.channel(publisher_confirms=True)
        await channel.declare_queue("kept", durable=True, arguments={"x-queue-type": "quorum"})
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, routing_key="kept")


async def receive(broker: RabbitServer) -> bytes:
    async with await aio_pika.connect(broker.url()) as connection:
        queue = await (await connection.channel()).declare_queue("kept", passive=True)
        message = await queue.get(timeout=20)
        await message.ack()
        return message.body


async def test_a_confirmed_message_survives_kill_9_and_stop(broker: RabbitServer) -> None:
    broker.start()
    first = broker.pid
    await send(broker, b"one")
    broker.settle()
    await send(broker, b"two")
    broker.kill()
    assert not broker.is_running()
    broker.start()
    assert broker.pid not in {None, first}
    assert await receive(broker) == b"one"
    broker.stop()
    assert not broker.is_running()
    broker.start()
    assert await receive(broker) == b"two"


async def test_it_listens_on_the_loopback_interface_and_knows_no_guest(broker: RabbitServer) -> None:
    broker.start()
    assert broker.pid is not None
    listening = [c.laddr[0] for c in psutil.Process(broker.pid).net_connections("tcp") if c.status == "LISTEN"]
    assert listening
    assert set(listening) == {"127.0.0.1"}
    assert broker.ctl("list_users", "--no-table-headers").split() == ["leadwire", "[administrator]"]
    with pytest.raises(aiormq.exceptions.ProbableAuthenticationError):
        await aiormq.connect(f"amqp://guest:guest@127.0.0.1:{broker.port}/")
    assert stat.S_IMODE((broker.data_dir / "password").stat().st_mode) == 0o600
    with pytest.raises(ServerFailed, match="rabbitmqctl add_user failed"):
        broker.ctl("add_user", "leadwire", "twice")


def test_somebody_elses_broker_on_the_port_is_not_taken_for_ours(
    broker: RabbitServer, folder: Path, package_cache: Path
) -> None:
    broker.start()
    second = RabbitServer(folder / "second", package_cache=package_cache, port=broker.port)
    with pytest.raises(ServerFailed, match=f"did not start on port {broker.port}"):
        second.start()
    assert not second.is_running()
    assert broker.ctl("list_vhosts", "--no-table-headers") == "/"


def test_a_node_left_behind_by_a_dead_process_is_taken_over(broker: RabbitServer, package_cache: Path) -> None:
    script = "import os, sys; from pathlib import Path; from embedded import RabbitServer\n"
    script += "RabbitServer(Path(sys.argv[1]), package_cache=Path(sys.argv[2])).start(); os.kill(os.getpid(), 9)"
    dead = subprocess.run([sys.executable, "-c", script, broker.data_dir, package_cache], check=False)
    assert dead.returncode == -signal.SIGKILL
    left_behind = broker.pid
    broker.start()
    assert broker.pid == left_behind is not None


def test_one_that_cannot_be_had_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedded.packages.shutil.which", find_nothing)
    monkeypatch.setattr("embedded.rabbitmq_programs.SCRIPTS", "nowhere/*")
    with pytest.raises(NotObtainable, match="apt install rabbitmq-server"):
        obtain_rabbitmq(tmp_path, print)


def test_an_unknown_package_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(NotObtainable, match=r"no-such-package-at-all .*; ask somebody"):
        unpacked(Package("no-such-package-at-all", "ask somebody"), tmp_path, lambda _line: None)
    assert [path.name for path in tmp_path.iterdir() if path.name != "packages.lock"] == []
