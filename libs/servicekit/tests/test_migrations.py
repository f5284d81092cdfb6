"""Migrations: one transaction, one at a time, free when there is nothing to do."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import asyncpg
import pytest
from embedded import PostgresServer
from servicekit.migrations import current_revision, migrate, newest_revision

PACKAGE = "toy_svc"


@pytest.fixture
async def empty_database(postgres_server: PostgresServer):
    admin = await asyncpg.connect(postgres_server.dsn())
    await admin.execute("CREATE DATABASE migrations_test")
    yield postgres_server.dsn("migrations_test")
    await admin.execute("DROP DATABASE migrations_test WITH (FORCE)")
    await admin.close()


async def test_a_database_is_brought_to_the_newest_revision_inside_a_running_loop(empty_database: str):
    assert migrate(empty_database, PACKAGE)
    connection = await asyncpg.connect(empty_database)
    assert await current_revision(connection) == newest_revision(PACKAGE)
    await connection.close()


async def test_processes_that_start_together_migrate_once(empty_database: str):
    with ThreadPoolExecutor(4) as pool:
        loop = asyncio.get_running_loop()
        done = await asyncio.gather(*(loop.run_in_executor(pool, migrate, empty_database, PACKAGE) for _ in range(4)))
    assert any(done)
    assert not migrate(empty_database, PACKAGE)


async def test_o7_1_checking_six_services_again_takes_less_than_a_second(empty_database: str):
    migrate(empty_database, PACKAGE)
    started = perf_counter()
    assert [migrate(empty_database, PACKAGE) for _ in range(6)] == [False] * 6
    assert perf_counter() - started < 1


def test_a_package_that_is_missing_is_named():
    with pytest.raises(ValueError, match="no package nothing_svc"):
        newest_revision("nothing_svc")
