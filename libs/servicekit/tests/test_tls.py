"""security.md, Broker: TLS outside one host, for RabbitMQ and PostgreSQL, under an authority of one's own."""

import asyncio
import contextlib
import gc
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import aiormq.exceptions
import pytest
import pytest_asyncio
from embedded import PostgresServer, RabbitServer, free_port
from embedded.account import server_account
from embedded.homes import private_home
from embedded.remembered import replace
from messaging.amqp import names
from messaging.amqp.side_publisher import SideMessage, SidePublisher
from messaging.amqp.topology import declare_topology
from messaging.amqp.wire.errors import ConnectionLost
from messaging.database import Database
from servicekit.testing_certificates import make_certificate

SSL_REQUEST = (80877103).to_bytes(4, "big")


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Certificates for 127.0.0.1 that sign themselves: the servers' own one, and one of strangers."""
    folder = tmp_path_factory.mktemp("authorities")
    return {name: make_certificate(folder / f"{name}.pem") for name in ("own", "strangers")}


@pytest.fixture(scope="module")
def secure_rabbit(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config, authorities: dict[str, Path]
) -> Iterator[str]:
    """The node's address for amqps."""
    folder, port, account = tmp_path_factory.mktemp("rabbit"), free_port(), server_account()
    server = RabbitServer(folder, package_cache=pytestconfig.rootpath / ".cache/packages")
    home = private_home(folder, account)
    for part in (".pem", ".key"):
        replace(home / f"own{part}", authorities["own"].with_suffix(part).read_text(), account)
    (home / "conf.d").mkdir()
    text = (
        f"listeners.ssl.1 = 127.0.0.1:{port}\nssl_options.cacertfile = {home}/own.pem\n"
        f"ssl_options.certfile = {home}/own.pem\nssl_options.keyfile = {home}/own.key\n"
    )
    replace(home / "conf.d/tls.conf", text, account)
    account.give(home / "conf.d")
    server.start()
    parts = urlsplit(server.url())
    yield f"amqps://{parts.username}:{parts.password}@127.0.0.1:{port}/"
    server.kill()


@pytest_asyncio.fixture(loop_scope="session")
async def secure_postgres(postgres_server: PostgresServer, authorities: dict[str, Path]) -> AsyncIterator[str]:
    """The server's address where it speaks TLS. The embedded build cannot: the conversation is decrypted before it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authorities["own"], authorities["own"].with_suffix(".key"))

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            assert (await reader.readexactly(8))[4:] == SSL_REQUEST
            writer.write(b"S")
            await writer.start_tls(context)
            behind = await asyncio.open_connection("127.0.0.1", postgres_server.port)
            await asyncio.gather(_copy(reader, behind[1]), _copy(behind[0], writer))

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield postgres_server.dsn().replace(f":{postgres_server.port}/", f":{port}/")
    server.close()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    finally:
        sink.close()


async def test_a_broker_with_a_trusted_certificate_is_migrated_and_written_to(
    secure_rabbit: str, authorities: dict[str, Path]
):
    url = f"{secure_rabbit}?cafile={authorities['own']}"
    await declare_topology(url, {"toy-svc": ()})
    publisher = SidePublisher(url, "test")
    await publisher.publish([SideMessage("", names.dead_queue("toy-svc"), "1", b"{}")])
    await publisher.close()


@pytest.mark.parametrize("trusting", ["", "?cafile={strangers}"])
async def test_a_broker_with_a_certificate_that_is_not_trusted_is_told_nothing(
    secure_rabbit: str, authorities: dict[str, Path], trusting: str
):
    url = secure_rabbit + trusting.format(strangers=authorities["strangers"])
    publisher = SidePublisher(url, "test")
    with pytest.raises(ConnectionLost, match="SSLCertVerificationError"):
        await publisher.publish([SideMessage("", names.dead_queue("toy-svc"), "1", b"{}")])
    with pytest.raises((ssl.SSLError, aiormq.exceptions.AMQPConnectionError)):
        await declare_topology(url, {"toy-svc": ()})


async def test_what_a_refused_connection_leaves_behind_may_be_collected_while_no_loop_runs(secure_rabbit: str):
    with pytest.raises((ssl.SSLError, aiormq.exceptions.AMQPConnectionError)) as refused:
        await declare_topology(secure_rabbit, {"toy-svc": ()})
    del refused
    # An error of a destructor becomes a warning, and a warning fails the test that is running.
    await asyncio.to_thread(gc.collect)


async def test_a_broker_under_another_name_than_its_certificates_is_told_nothing(
    secure_rabbit: str, authorities: dict[str, Path]
):
    url = secure_rabbit.replace("127.0.0.1", "localhost") + f"?cafile={authorities['own']}"
    with pytest.raises(ConnectionLost, match="SSLCertVerificationError"):
        await SidePublisher(url, "test").publish([SideMessage("", names.dead_queue("toy-svc"), "1", b"{}")])


async def test_a_database_with_a_trusted_certificate_is_used(secure_postgres: str, authorities: dict[str, Path]):
    dsn = f"{secure_postgres}?sslmode=verify-full&sslrootcert={authorities['own']}"
    database = await Database.connect(dsn, source="/leadwire/toy-svc")
    assert await database.pool.fetchval("SELECT 1") == 1
    await database.close()


async def test_a_database_with_a_certificate_that_is_not_trusted_is_told_nothing(
    secure_postgres: str, authorities: dict[str, Path]
):
    dsn = f"{secure_postgres}?sslmode=verify-full&sslrootcert={authorities['strangers']}"
    database = await Database.connect(dsn, source="/leadwire/toy-svc")
    with pytest.raises(ssl.SSLCertVerificationError):
        await database.pool.fetchval("SELECT 1")
    await database.close()


async def test_a_database_without_tls_is_told_nothing_where_it_is_required(
    postgres_server: PostgresServer, authorities: dict[str, Path]
):
    dsn = f"{postgres_server.dsn()}?sslmode=verify-full&sslrootcert={authorities['own']}"
    database = await Database.connect(dsn, source="/leadwire/toy-svc")
    with pytest.raises(ConnectionError, match="rejected SSL upgrade"):
        await database.pool.fetchval("SELECT 1")
    await database.close()
