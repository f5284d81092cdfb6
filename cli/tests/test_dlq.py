"""O7.3: `leadwire dlq ls|show|replay|discard` over dead letters in a service's own database."""

import asyncio
import getpass
import json
from collections.abc import AsyncIterator, Callable
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from contracts.ids import new_uuid
from leadwire.__main__ import app
from leadwire.errors import CannotRun
from messaging.database import Database
from messaging.dead_letters.store import DeadLetter, insert
from servicekit.testing import TestDatabases

QUEUE = "sponsor-svc.statistics"
SECRET = "Maija Meikalainen"
Run = Callable[..., str]


@pytest_asyncio.fixture(loop_scope="session")
async def letters(test_databases: TestDatabases) -> AsyncIterator[tuple[str, list[DeadLetter]]]:
    """Three: two of one cause, one of another."""
    dsn = await test_databases.clone("sponsor_svc")
    made = [_letter("undecodable"), _letter("undecodable"), _letter("rule_violated")]
    database = await Database.connect(dsn, source="/leadwire/sponsor-svc")
    async with database.unit_of_work() as work:
        await insert(work, made)
    await database.close()
    yield dsn, made
    await test_databases.drop(dsn)


def _letter(failure: str) -> DeadLetter:
    return DeadLetter(
        message_id=new_uuid(),
        queue=QUEUE,
        type="intake.lead.accepted.v1",
        subject="lead_1",
        body=json.dumps({"name": SECRET}).encode(),
        failure=failure,
        detail="a code",
        attempts=5,
    )


@pytest.fixture
def run(
    letters: tuple[str, list[DeadLetter]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    monkeypatch.setenv("COLUMNS", "250")

    def run(*words: str) -> str:
        capsys.readouterr()
        place = ["--service", "sponsor-svc", "--database-url", letters[0]]
        app(["dlq", *words, *place], result_action="return_value")
        return capsys.readouterr().out

    return run


def test_ls_counts_by_cause(run: Run) -> None:
    lines = run("ls").splitlines()
    assert sorted(line.split()[:4] for line in lines[1:]) == [
        ["1", QUEUE, "intake.lead.accepted.v1", "rule_violated"],
        ["2", QUEUE, "intake.lead.accepted.v1", "undecodable"],
    ]
    assert json.loads(run("ls", "--failure", "undecodable", "--json"))[0]["count"] == 2


def test_entries_and_show_say_no_word_of_the_body(run: Run, letters: tuple[str, list[DeadLetter]]) -> None:
    entries = json.loads(run("ls", "--entries", "--json"))
    assert {UUID(entry["id"]) for entry in entries} == {letter.id for letter in letters[1]}
    one = str(letters[1][0].id)
    told = [run("ls", "--entries"), run("show", one), run("show", one, "--json")]
    assert all(one in text and SECRET not in text for text in told)
    assert SECRET in run("show", one, "--body")
    assert SECRET in json.loads(run("show", one, "--body", "--json"))["body"]


def test_a_dry_run_changes_nothing(run: Run, letters: tuple[str, list[DeadLetter]]) -> None:
    assert run("replay", "--all", "--dry-run") == "sponsor-svc: 3 would be brought back\n"
    assert run("discard", "--failure", "undecodable", "--dry-run") == "sponsor-svc: 2 would be discarded\n"
    assert _rows(letters[0], "SELECT state FROM dead_letters WHERE state <> 'waiting'") == []


def test_replay_brings_back_under_the_same_id_not_faster_than_asked(
    run: Run, letters: tuple[str, list[DeadLetter]]
) -> None:
    assert run("replay", "--type", "intake.lead.accepted.v1", "--rate", "2") == "sponsor-svc: 3 brought back\n"
    rows = _rows(letters[0], "SELECT message_id, due_at FROM delayed_messages ORDER BY due_at")
    assert {row["message_id"] for row in rows} == {letter.message_id for letter in letters[1]}
    assert (rows[2]["due_at"] - rows[0]["due_at"]).total_seconds() == 1.0


def test_discard_keeps_them_with_who_decided(run: Run, letters: tuple[str, list[DeadLetter]]) -> None:
    assert run("discard", str(letters[1][0].id)) == "sponsor-svc: 1 discarded\n"
    rows = _rows(letters[0], "SELECT id, decided_by FROM dead_letters WHERE state = 'discarded'")
    assert [row["id"] for row in rows] == [letters[1][0].id]
    assert rows[0]["decided_by"] == f"cli:{getpass.getuser()}"


def test_o7_3_what_the_command_does_is_in_the_audit_log(run: Run, letters: tuple[str, list[DeadLetter]]) -> None:
    run("discard", str(letters[1][0].id), "--reason", "a trial")
    run("replay", "--all")
    rows = _rows(letters[0], "SELECT actor, access_level, action, operation, details FROM audit_journal ORDER BY at")
    assert [(row["action"], row["operation"]) for row in rows] == [
        ("discard", "leadwire dlq discard"),
        ("replay", "leadwire dlq replay"),
    ]
    assert {(row["actor"], row["access_level"]) for row in rows} == {(f"cli:{getpass.getuser()}", "cli")}
    assert json.loads(rows[0]["details"]) == {"count": 1, "reason": "a trial"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("replay",), "Say which"),
        (("discard",), "Say which"),
        (("replay", "--all", "--rate", "0"), "0.01 a second at least"),
        (("discard", str(UUID(int=1))), "No waiting dead letter"),
        (("show", str(UUID(int=1))), "There is no dead letter"),
    ],
)
def test_what_makes_no_sense_is_refused(
    run: Run, letters: tuple[str, list[DeadLetter]], words: tuple[str, ...], said: str
) -> None:
    with pytest.raises(SystemExit, match=said):
        run(*words)
    assert _rows(letters[0], "SELECT FROM dead_letters WHERE state <> 'waiting'") == []


def test_a_database_address_needs_its_service(letters: tuple[str, list[DeadLetter]]) -> None:
    with pytest.raises(CannotRun, match="--service"):
        app(["dlq", "ls", "--database-url", letters[0]], result_action="return_value")


def _rows(dsn: str, query: str) -> list[asyncpg.Record]:
    async def ask() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetch(query)
        finally:
            await connection.close()

    return asyncio.run(ask())
