"""O7.2: `leadwire doctor` finds what is wrong and says what to do."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aio_pika
import asyncpg
import pytest
import pytest_asyncio
from contracts.ids import new_uuid
from embedded.ports import free_port
from leadwire.errors import CannotRun
from leadwire.operate.checks import MOST_SKEW_SECONDS, check_broker, check_databases, check_ready, judge_server
from leadwire.operate.doctor import exit_code, find_patient, run
from leadwire.operate.environment import AMQP_URL, databases_from
from leadwire.operate.findings import Finding, Verdict, print_findings
from leadwire.operate.migrate import migrate_platform
from leadwire.operate.store import Server
from leadwire.operate.where import Where
from leadwire.services import SERVICES, service_named
from messaging.database import Database
from messaging.dead_letters.store import DeadLetter, insert
from servicekit.health import create_health_http
from servicekit.server import Address, serve
from servicekit.testing import TestDatabases

SPONSOR = service_named("sponsor-svc")
Environment = dict[str, str]


@pytest_asyncio.fixture(loop_scope="session")
async def database(test_databases: TestDatabases) -> AsyncIterator[str]:
    dsn = await test_databases.clone("sponsor_svc")
    yield dsn
    await test_databases.drop(dsn)


async def test_a_good_database_is_fine(database: str) -> None:
    findings = await check_databases({SPONSOR: database})
    assert {finding.verdict for finding in findings} == {Verdict.FINE}
    assert exit_code(findings) == 0
    assert _said(findings) >= {"sponsor-svc database", "PostgreSQL", "clocks", "sponsor-svc schema"}


async def test_a_database_without_schema_or_behind_is_told_to_migrate(
    database: str, test_databases: TestDatabases
) -> None:
    connection = await asyncpg.connect(test_databases.owner_dsn(database))
    await connection.execute("DROP TABLE alembic_version")
    await connection.close()
    findings = await check_databases({SPONSOR: database})
    assert exit_code(findings) == 1
    assert [f.advice for f in findings if f.what == "sponsor-svc schema"] == ["Run leadwire migrate."]


async def test_a_newer_schema_is_told_but_not_wrong(database: str, test_databases: TestDatabases) -> None:
    """O7.5: N-1 runs on the schema of N."""
    connection = await asyncpg.connect(test_databases.owner_dsn(database))
    await connection.execute("UPDATE alembic_version SET version_num = '29990101_later'")
    await connection.close()
    findings = await check_databases({SPONSOR: database})
    assert [f.verdict for f in findings if f.what == "sponsor-svc schema"] == [Verdict.LOOK]
    assert exit_code(findings) == 0


async def test_dead_letters_and_late_events_are_found(database: str) -> None:
    service = await Database.connect(database, source="/leadwire/sponsor-svc")
    letter = DeadLetter(
        message_id=new_uuid(), queue="q", type="t", subject="s", body=b"{}", failure="f", detail="d", attempts=1
    )
    row = "INSERT INTO outbox (id, type, subject, body, created_at) VALUES ($1, 't', 's', '', $2)"
    async with service.unit_of_work() as work:
        await insert(work, [letter])
        hour_ago = await work.fetchval("SELECT now() - interval '1 hour'")
        await work.execute(row, new_uuid(), hour_ago)
    await service.close()
    findings = [f for f in await check_databases({SPONSOR: database}) if f.verdict is Verdict.WRONG]
    words = " ".join(finding.words for finding in findings)
    assert "1 dead letters" in words
    assert "3600 s" in words


@pytest.mark.parametrize(
    ("server", "now", "verdicts"),
    [
        (Server(150004, 1000.0, migrated=True), 1000.5, [Verdict.FINE, Verdict.FINE]),
        (Server(140011, 1000.0, migrated=True), 1000.0, [Verdict.WRONG, Verdict.FINE]),
        (Server(180006, 1000.0, migrated=True), 1000.1 + MOST_SKEW_SECONDS, [Verdict.FINE, Verdict.WRONG]),
        (Server(180006, 1000.1 + MOST_SKEW_SECONDS, migrated=True), 1000.0, [Verdict.FINE, Verdict.WRONG]),
    ],
)
def test_old_servers_and_clocks_apart_are_found(server: Server, now: float, verdicts: list[Verdict]) -> None:
    assert [finding.verdict for finding in judge_server(server, now)] == verdicts


async def test_a_broker_without_workers_and_without_a_queue_is_found(environment: Environment) -> None:
    before = await check_broker(environment[AMQP_URL])
    idle = {f.what for f in before if f.verdict is Verdict.WRONG}
    assert "sponsor-svc.statistics" in idle
    connection = await aio_pika.connect(environment[AMQP_URL])
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("sponsor-svc.statistics", passive=True)
        await queue.consume(_keep)
        assert "sponsor-svc.statistics" not in _said(await check_broker(environment[AMQP_URL]))
        await channel.queue_delete("notify-svc.retry.5s")
    findings = await check_broker(environment[AMQP_URL])
    missing = next(f for f in findings if f.what == "topology")
    assert "notify-svc.retry.5s" in missing.words
    assert missing.advice == "Run leadwire migrate."
    await migrate_platform(environment)
    assert "topology" not in _said(await check_broker(environment[AMQP_URL]))


async def _keep(_: aio_pika.abc.AbstractIncomingMessage) -> None:
    await asyncio.Event().wait()


async def test_readiness_is_asked_for(database: str) -> None:
    service = await Database.connect(database, source="/leadwire/sponsor-svc")
    stop, ready, port = asyncio.Event(), asyncio.Event(), free_port()
    http = create_health_http("sponsor-svc", service)
    serving = asyncio.create_task(serve(http, Address(port=port), stop, ready))
    try:
        await ready.wait()
        url = f"http://127.0.0.1:{port}/readyz"
        assert [f.verdict for f in await check_ready([url])] == [Verdict.FINE]
        http.state.readiness["consumers"] = _not_consuming
        (finding,) = await check_ready([url])
        assert finding.verdict is Verdict.WRONG
        assert "consumers: not consuming q" in finding.words
    finally:
        stop.set()
        await serving
        await service.close()
    assert [f.verdict for f in await check_ready([url])] == [Verdict.WRONG]


async def _not_consuming() -> str:
    return "not consuming q"


def test_servers_that_are_away_are_findings_with_advice(capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = Where(service="sponsor-svc", database_url="postgresql://nobody@127.0.0.1:1/nothing")
    findings = run(nowhere, {AMQP_URL: "amqp://nobody@127.0.0.1:1/"}, ["http://127.0.0.1:1/readyz"])
    assert [f.verdict for f in findings] == [Verdict.WRONG] * 3
    assert all(finding.advice for finding in findings)
    assert exit_code(findings) == 1
    print_findings(findings)
    assert capsys.readouterr().out.count("→") == 3


async def test_an_installation_from_the_environment_is_all_services(environment: Environment) -> None:
    patient = find_patient(Where(), environment, ["http://127.0.0.1:1/readyz"])
    assert set(patient.databases) == set(SERVICES)
    assert patient.databases[SPONSOR] == databases_from(environment).login_dsn(SPONSOR)
    assert patient.amqp_url == environment[AMQP_URL]


def test_a_folder_without_installation_stays_empty(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="no installation"):
        find_patient(Where(data_dir=tmp_path / "nothing"), {}, [])
    assert list(tmp_path.iterdir()) == []


def _said(findings: list[Finding]) -> set[str]:
    return {finding.what for finding in findings}
