"""S0.12: `leadwire stats rebuild` counts everything again in a service's own database."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest
import pytest_asyncio
from contracts.ids import new_uuid
from leadwire.__main__ import app
from leadwire.errors import CannotRun
from servicekit.testing import TestDatabases

FACT = """
INSERT INTO facts (id, at, lead_id, version, sponsor_id, project_id, partner_id, reopens, tally)
VALUES ($1, '2026-03-02 22:30Z', 'lead_1', 1, 'spo_a', 'prj_a', 'ptr_a', false, '{"metrics": ["received"]}')
"""


@pytest_asyncio.fixture(loop_scope="session")
async def database(test_databases: TestDatabases) -> AsyncIterator[str]:
    dsn = await test_databases.clone("sponsor_svc")
    connection = await asyncpg.connect(dsn)
    await connection.execute(FACT, new_uuid())
    await connection.close()
    yield dsn
    await test_databases.drop(dsn)


async def _counted(dsn: str) -> list[tuple[datetime, int]]:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch("SELECT at, received FROM counters WHERE dimension = 'sponsor' AND grain = 'day'")
        return [(row["at"], row["received"]) for row in rows]
    finally:
        await connection.close()


def rebuild(dsn: str, *words: str) -> None:
    app(["stats", "rebuild", "--database-url", dsn, *words], result_action="return_value")


def test_s0_12_everything_is_counted_again_in_the_centres_zone(database: str, capsys: pytest.CaptureFixture[str]):
    rebuild(database, "--time-zone", "Europe/Helsinki")
    assert "1 events were counted again" in capsys.readouterr().out
    assert asyncio.run(_counted(database)) == [(datetime(2026, 3, 2, 22, tzinfo=UTC), 1)]


def test_s0_12_an_unknown_zone_is_refused_before_anything_is_touched(database: str):
    with pytest.raises(CannotRun, match="no time zone"):
        rebuild(database, "--time-zone", "Mars/Olympus")
