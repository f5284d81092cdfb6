"""Our AMQP client against real brokers and awkward networks."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aio_pika
import pytest
import uvloop
from embedded import RabbitServer
from messaging.amqp.side_publisher import NotTaken, SideMessage, SidePublisher
from messaging.amqp.wire import connection as wire
from messaging.amqp.wire.connection import Connection
from messaging.amqp.wire.consuming import ConsumingChannel
from messaging.amqp.wire.errors import ChannelClosed, ConnectionLost

QUEUE = "wire-test"


@asynccontextmanager
async def queue_on(url: str) -> AsyncGenerator[None]:
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        await channel.declare_queue(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
        yield
        await channel.queue_delete(QUEUE)


class Proxy:
    """Between client and broker: passes on in portions of `portion` bytes, or nothing more once it is frozen."""

    def __init__(self, url: str, portion: int = 65536) -> None:
        self._target = urlsplit(url)
        self._portion = portion
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        target = self._target
        try:
            yield f"amqp://{target.username}:{target.password}@127.0.0.1:{port}{target.path}"
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def freeze(self) -> None:
        self._flowing.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        for source, sink in ((reader, up_writer), (up_reader, writer)):
            task = asyncio.create_task(self._pass_on(source, sink))
            self._tasks.add(task)

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(self._portion):
                await self._flowing.wait()
                sink.write(data)
                await sink.drain()
        except ConnectionError:
            pass
        finally:
            sink.close()


async def exchange_messages(url: str, bodies: list[bytes]) -> list[bytes]:
    """Publishes with confirmations and consumes, through our client on both sides."""
    side = SidePublisher(url, "test")
    connection = await Connection.connect(url, "test")
    channel = ConsumingChannel(connection, QUEUE, 100)
    await channel.open()
    await side.publish([SideMessage("", QUEUE, str(n), body, {"n": n}) for n, body in enumerate(bodies)])
    got: list[bytes] = []
    while len(got) < len(bodies):
        arrived = await channel.take(7)
        assert all(message.headers["n"] == int(message.message_id) for message in arrived)
        got += [message.body for message in arrived]
        channel.ack_up_to(arrived[-1].tag)
    await channel.close()
    await side.close()
    await connection.close()
    return got


BODIES = [b"", b"x", b"y" * 131_064, b"z" * 131_065, b"w" * 1_000_000, *[f"small {n}".encode() for n in range(50)]]


async def test_bodies_of_every_size_come_through(rabbit_server: RabbitServer) -> None:
    async with queue_on(rabbit_server.url()):
        assert await exchange_messages(rabbit_server.url(), BODIES) == BODIES


async def test_frames_may_be_split_at_every_byte(rabbit_server: RabbitServer) -> None:
    bodies = [b"", b"x" * 300, b"\xce" * 50]
    async with queue_on(rabbit_server.url()), Proxy(rabbit_server.url(), portion=1).running() as url:
        assert await exchange_messages(url, bodies) == bodies


async def test_it_runs_on_uvloop(rabbit_server: RabbitServer) -> None:
    got: list[bytes] = []

    def run() -> None:
        got.extend(uvloop.run(exchange_messages(rabbit_server.url(), BODIES)))

    async with queue_on(rabbit_server.url()):
        thread = threading.Thread(target=run)
        thread.start()
        await asyncio.to_thread(thread.join)
    assert got == BODIES


async def test_a_silent_peer_is_noticed_by_its_missing_heartbeats(
    rabbit_server: RabbitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "HEARTBEAT_SECONDS", 1)
    proxy = Proxy(rabbit_server.url())
    async with queue_on(rabbit_server.url()), proxy.running() as url:
        connection = await Connection.connect(url, "test")
        channel = ConsumingChannel(connection, QUEUE, 10)
        await channel.open()
        await asyncio.sleep(3)
        channel.check()
        proxy.freeze()
        with pytest.raises(ConnectionLost, match="silent"):
            await asyncio.wait_for(channel.take(1), 6)
        await connection.close()


async def test_a_batch_gathers_until_its_time_is_over_and_a_full_one_waits_for_nothing(
    rabbit_server: RabbitServer,
) -> None:
    now, far = asyncio.get_running_loop().time, 3600
    async with queue_on(rabbit_server.url()), asyncio.timeout(60):
        side = SidePublisher(rabbit_server.url(), "test")
        connection = await Connection.connect(rabbit_server.url(), "test")
        channel = ConsumingChannel(connection, QUEUE, 10)
        await channel.open()
        first = asyncio.create_task(channel.take(3, now() + far))
        for number in range(3):
            await side.publish([SideMessage("", QUEUE, str(number), b"of three")])
        assert len(await first) == 3
        await side.publish([SideMessage("", QUEUE, "3", b"alone")])
        until = now() + 0.2
        assert len(await channel.take(3, until)) == 1
        assert now() >= until
        stopped = asyncio.create_task(channel.take(3, now() + far))
        await asyncio.sleep(0)
        channel.stop()
        assert await stopped == []
        await channel.close()
        await side.close()
        await connection.close()


async def test_a_publish_into_silence_ends_and_is_unknown(
    rabbit_server: RabbitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("messaging.amqp.side_publisher.TIMEOUT_SECONDS", 1.0)
    proxy = Proxy(rabbit_server.url())
    async with queue_on(rabbit_server.url()), proxy.running() as url:
        side = SidePublisher(url, "test")
        await side.publish([SideMessage("", QUEUE, "1", b"first")])
        proxy.freeze()
        with pytest.raises(TimeoutError):
            await side.publish([SideMessage("", QUEUE, "2", b"second")])
        await side.close()


async def test_what_the_broker_refuses_is_an_error(rabbit_server: RabbitServer) -> None:
    side = SidePublisher(rabbit_server.url(), "test")
    with pytest.raises(NotTaken):
        await side.publish([SideMessage("", "no-such-queue", "1", b"x")])
    with pytest.raises(ConnectionLost):
        await side.publish([SideMessage("no-such-exchange", "k", "1", b"x")])
    async with queue_on(rabbit_server.url()):
        await side.publish([SideMessage("", QUEUE, "1", b"works again")])
    await side.close()


async def test_a_missing_queue_and_a_wrong_password_are_errors(rabbit_server: RabbitServer) -> None:
    connection = await Connection.connect(rabbit_server.url(), "test")
    with pytest.raises(ChannelClosed) as raised:
        await ConsumingChannel(connection, "no-such-queue", 10).open()
    assert raised.value.code == 404
    await connection.close()
    parts = urlsplit(rabbit_server.url())
    with pytest.raises(ConnectionLost):
        await Connection.connect(f"amqp://{parts.username}:wrong@{parts.hostname}:{parts.port}/", "test")


async def test_services_need_no_right_to_configure(amqp_world: Any, h: Any, rabbit_server: RabbitServer) -> None:
    """Least privilege: declare passively, write to the exchange and the own queues, read the own queues."""
    alpha, beta = await amqp_world.open({"beta-svc": [h.hears()]})
    parts = urlsplit(rabbit_server.url())
    await asyncio.to_thread(rabbit_server.ctl, "add_user", "plain", "plain-password")
    own = r"^(leadwire\.events|amq\.default|(alpha|beta)-svc\..*)$"
    await asyncio.to_thread(rabbit_server.ctl, "set_permissions", "plain", "^$", own, own)
    try:
        amqp_world.make_transport = h.amqp(f"amqp://plain:plain-password@{parts.hostname}:{parts.port}/")
        await amqp_world.start()
        await alpha.publish(h.happened())
        await h.eventually(lambda: h.has(beta, 1))
        await amqp_world.stop()
    finally:
        await asyncio.to_thread(rabbit_server.ctl, "delete_user", "plain")
