"""O7.1, O7.2: `leadwire migrate` brings PostgreSQL and RabbitMQ of an installation to what the services need."""

import asyncio
from urllib.parse import urlsplit

import aio_pika
import aiormq
import asyncpg
import pytest
from leadwire.errors import CannotRun
from leadwire.operate.broker_users import broker_user
from leadwire.operate.environment import (
    ADMIN_URL,
    AMQP_URL,
    SettingsMissing,
    amqp_password_name,
    database_password_name,
    databases_from,
)
from leadwire.operate.migrate import migrate_platform
from leadwire.services import IDENTITY, SERVICES, Service, service_named
from messaging.amqp import AmqpTransport, names
from messaging.amqp.side_publisher import SideMessage, SidePublisher
from messaging.database import Database
from messaging.transport import RETRY_DELAYS
from messaging.worker import Worker
from servicekit.migrations import current_revision, newest_revision

Environment = dict[str, str]
SPONSOR, INTAKE = service_named("sponsor-svc"), service_named("lead-intake-svc")


async def test_it_may_be_run_again_at_any_time(environment: Environment) -> None:
    await migrate_platform(environment)
    for service in SERVICES:
        connection = await asyncpg.connect(databases_from(environment).login_dsn(service))
        assert await current_revision(connection) == newest_revision(service.package)
        await connection.close()


async def test_a_service_reads_and_writes_rows_and_cannot_change_the_schema(environment: Environment) -> None:
    connection = await asyncpg.connect(databases_from(environment).login_dsn(SPONSOR))
    try:
        await connection.execute("DELETE FROM inbox")
        for statement in (
            "CREATE TABLE mine (a int)",
            "DROP TABLE inbox",
            "UPDATE alembic_version SET version_num = ''",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_service_cannot_connect_to_another_ones_database(environment: Environment) -> None:
    databases = databases_from(environment)
    foreign = databases.login_dsn(SPONSOR).rpartition("/")[0] + f"/{databases.name(INTAKE)}"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(foreign)


async def test_nobody_logs_in_as_the_owner_of_a_schema(environment: Environment) -> None:
    admin = await asyncpg.connect(environment[ADMIN_URL])
    rows = await admin.fetch("SELECT rolname FROM pg_roles WHERE rolname LIKE 'leadwire%owner' AND rolcanlogin")
    assert rows == []
    await admin.close()


async def test_tables_of_a_later_migration_are_open_to_the_service(environment: Environment) -> None:
    databases = databases_from(environment)
    owner = await asyncpg.connect(databases.owner_dsn(SPONSOR))
    login = await asyncpg.connect(databases.login_dsn(SPONSOR))
    try:
        await owner.execute("CREATE TABLE later (a int)")
        await login.execute("INSERT INTO later VALUES (1)")
    finally:
        await owner.execute("DROP TABLE later")
        await owner.close()
        await login.close()


async def test_a_rotated_password_is_taken_over(environment: Environment) -> None:
    rotated = {**environment, database_password_name(SPONSOR): "another one"}
    await migrate_platform(rotated, [SPONSOR])
    await (await asyncpg.connect(databases_from(rotated).login_dsn(SPONSOR))).close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(databases_from(environment).login_dsn(SPONSOR))
    await migrate_platform(environment, [SPONSOR])


async def test_the_first_admin_is_made_once(environment: Environment) -> None:
    await migrate_platform({**environment, "LEADWIRE_ADMIN_PASSWORD": "a different one"}, [IDENTITY])
    connection = await asyncpg.connect(databases_from(environment).login_dsn(IDENTITY))
    users = await connection.fetch("SELECT email, access_level FROM users")
    assert [(user["email"], user["access_level"]) for user in users] == [("first@leadwire.local", "admin")]
    await connection.close()


async def test_every_queue_is_declared(environment: Environment) -> None:
    connection = await aio_pika.connect(environment[AMQP_URL])
    async with connection:
        channel = await connection.channel()
        for service in SERVICES:
            for queue in (
                names.dead_queue(service.name),
                *(f"{service.name}.{subscription.name}" for subscription in service.subscriptions()),
            ):
                await channel.declare_queue(queue, passive=True)


@pytest.mark.parametrize("name", [service.name for service in SERVICES])
async def test_a_services_broker_user_may_publish_its_own_events_only(environment: Environment, name: str) -> None:
    """security.md: a user per service, topic permissions."""
    for service in SERVICES:
        channel = await _channel_of(environment, name)
        exchange = await channel.get_exchange(names.EVENTS, ensure=False)
        publishing = exchange.publish(aio_pika.Message(b"{}"), f"{service.context}.thing.happened.v1")
        if service.name == name:
            await publishing
        else:
            with pytest.raises(aio_pika.exceptions.ChannelClosed, match="ACCESS_REFUSED"):
                await publishing


@pytest.mark.parametrize("name", [service.name for service in SERVICES])
async def test_a_services_broker_user_reads_its_own_queues_only(environment: Environment, name: str) -> None:
    for service in SERVICES:
        channel = await _channel_of(environment, name)
        queue = await channel.get_queue(names.dead_queue(service.name), ensure=False)
        if service.name == name:
            await queue.get(fail=False)
        else:
            with pytest.raises(aio_pika.exceptions.ChannelClosed, match="ACCESS_REFUSED"):
                await queue.get(fail=False)


async def test_there_is_no_guest(environment: Environment) -> None:
    parts = urlsplit(environment[AMQP_URL])
    with pytest.raises(aiormq.AMQPConnectionError):
        await aiormq.connect(parts._replace(netloc=f"guest:guest@{parts.hostname}:{parts.port}").geturl())


@pytest.mark.parametrize("action", ["declare", "bind", "delete", "write foreign"])
async def test_a_services_broker_user_is_refused_the_rest(environment: Environment, action: str) -> None:
    """security.md: `configure='^$'`."""
    channel = await _channel_of(environment, "sponsor-svc")
    with pytest.raises(aio_pika.exceptions.ChannelClosed, match="ACCESS_REFUSED"):
        await _trespass(channel, action)


async def _trespass(channel: aio_pika.abc.AbstractChannel, action: str) -> None:
    match action:
        case "declare":
            await channel.declare_queue("sponsor-svc.mine", durable=True)
        case "bind":  # what it would then hear of is not for it
            own = await channel.get_queue("sponsor-svc.statistics", ensure=False)
            await own.bind(names.EVENTS, "identity.#")
        case "delete":
            await channel.queue_delete("sponsor-svc.statistics")
        case _:
            exchange = await channel.get_exchange("lead-intake-svc.dead", ensure=False)
            await exchange.publish(aio_pika.Message(b"{}"), "")


async def test_a_rotated_broker_password_is_taken_over(environment: Environment) -> None:
    await migrate_platform({**environment, amqp_password_name(SPONSOR): "rotated"}, [])
    with pytest.raises(aio_pika.exceptions.AMQPConnectionError):
        await _channel_of(environment, "sponsor-svc")
    await migrate_platform(environment, [])
    await _channel_of(environment, "sponsor-svc")


async def test_a_worker_does_its_work_with_those_rights(environment: Environment) -> None:
    """It relays, consumes, puts a message aside for a retry and brings it back."""
    databases = databases_from(environment)
    database = await Database.connect(databases.login_dsn(SPONSOR), source="/leadwire/sponsor-svc")
    url = _url_of(environment, SPONSOR)
    worker = Worker(SPONSOR.name, database, SPONSOR.subscriptions(), AmqpTransport(url))
    running = asyncio.create_task(worker.run())
    side = SidePublisher(url, "test")
    try:
        async with asyncio.timeout(30):
            await _working(worker)
        tier = names.retry_tier(SPONSOR.name, RETRY_DELAYS[-1])
        await side.publish([SideMessage(tier, "sponsor-svc.statistics", "1", b"{}")])
        await side.publish([SideMessage("", names.dead_queue(SPONSOR.name), "2", b"{}")])
    finally:
        worker.stop()
        await running
        await side.close()
        await database.close()


async def test_all_missing_settings_are_named_and_nothing_is_touched(environment: Environment) -> None:
    with pytest.raises(SettingsMissing) as raised:
        await migrate_platform({ADMIN_URL: "postgresql://nobody@127.0.0.1:1/nothing"})
    assert all(database_password_name(service) in str(raised.value) for service in SERVICES)
    with pytest.raises(SettingsMissing, match=amqp_password_name(SPONSOR)):
        await migrate_platform({**environment, amqp_password_name(SPONSOR): ""})


async def test_a_weak_admin_password_is_refused(environment: Environment) -> None:
    with pytest.raises(CannotRun, match="fewer than 8"):
        await migrate_platform({**environment, "LEADWIRE_ADMIN_PASSWORD": "1234567"})
    with pytest.raises(CannotRun, match="everybody tries first"):
        await migrate_platform({**environment, "LEADWIRE_ADMIN_PASSWORD": "Password123!"})


async def _channel_of(environment: Environment, name: str) -> aio_pika.abc.AbstractChannel:
    connection = await aio_pika.connect(_url_of(environment, service_named(name)))
    return await connection.channel()


async def _working(worker: Worker) -> None:
    while True:
        health = await worker.health()
        if health.leading and all(health.consumers.values()):
            return
        await asyncio.sleep(0.05)


def _url_of(environment: Environment, service: Service) -> str:
    parts = urlsplit(environment[AMQP_URL])
    account = f"{broker_user(service)}:{environment[amqp_password_name(service)]}"
    return parts._replace(netloc=f"{account}@{parts.hostname}:{parts.port}").geturl()
