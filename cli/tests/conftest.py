"""An installation as `leadwire migrate` leaves it, on servers of the test run."""

from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio
from embedded import PostgresServer, RabbitServer
from leadwire.operate.environment import (
    ADMIN_URL,
    AMQP_URL,
    MANAGEMENT_URL,
    amqp_password_name,
    database_password_name,
)
from leadwire.operate.migrate import migrate_platform
from leadwire.services import SERVICES

Environment = dict[str, str]


@pytest.fixture(scope="session")
def managed_rabbit(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[RabbitServer]:
    folder = tmp_path_factory.mktemp("rabbit")
    server = RabbitServer(folder, package_cache=pytestconfig.rootpath / ".cache/packages", management=True)
    server.start()
    yield server
    server.kill()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def environment(postgres_server: PostgresServer, managed_rabbit: RabbitServer) -> AsyncIterator[Environment]:
    """As on a managed PostgreSQL: the administrator may create roles and databases and is no superuser."""
    superuser = await asyncpg.connect(postgres_server.dsn())
    await superuser.execute("CREATE ROLE operator LOGIN CREATEDB CREATEROLE PASSWORD 'operator''s'")
    await superuser.close()
    account = urlsplit(managed_rabbit.url()).netloc.rpartition("@")[0]
    environment = {
        ADMIN_URL: postgres_server.dsn(user="operator", password="operator's"),
        AMQP_URL: managed_rabbit.url(),
        MANAGEMENT_URL: f"http://{account}@127.0.0.1:{managed_rabbit.management_port}",
        "LEADWIRE_ADMIN_EMAIL": "first@leadwire.local",
        "LEADWIRE_ADMIN_PASSWORD": "not to be guessed",
        **{database_password_name(service): f"pg/{service.key}@1" for service in SERVICES},
        **{amqp_password_name(service): f"mq-{service.key}" for service in SERVICES},
    }
    await migrate_platform(environment)
    yield environment
